// Asks the gateway four times a second what is going on, and shows it. Text is only ever set as text.
"use strict";

const EVERY_MS = 250;
const TRACE_MS = 60_000;
const LOWEST_DB = 30;
const HIGHEST_DB = 110;
const FLAGS = 3;

const words = JSON.parse(document.getElementById("words").textContent);
const language = document.documentElement.lang;
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const cards = new Map();
let shownClips = "";

const word = (group, value) => words[`${group}:${value}`] ?? value ?? "";
const filled = (key, values) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showItems(list, texts) {
  while (list.children.length > texts.length) list.lastChild.remove();
  texts.forEach((text, index) => {
    const item = list.children[index] ?? list.appendChild(document.createElement("li"));
    setText(item, text);
  });
}

function newCard() {
  const article = document.getElementById("board").content.firstElementChild.cloneNode(true);
  document.getElementById("boards").append(article);
  const parts = Object.fromEntries([...article.querySelectorAll("[data-is]")].map((e) => [e.dataset.is, e]));
  return { article, parts, canvas: article.querySelector("canvas"), trace: [] };
}

function showBoard(board) {
  if (!cards.has(board.id)) cards.set(board.id, newCard());
  const card = cards.get(board.id);
  const { parts } = card;
  setText(parts.id, board.id);
  setText(parts.kind, word("kind", board.kind));
  setText(parts.mode, board.connected && board.mode ? word("mode", board.mode) : "");
  setText(parts.state, board.connected ? word("state", board.state) : words.not_connected);
  parts.state.hidden = parts.state.textContent === "";
  parts.state.classList.toggle("bad", !board.connected);
  parts.state.classList.toggle("busy", board.connected && ["clip", "keep", "hold_off"].includes(board.state));
  setText(parts.message, board.connected ? "" : board.message);
  showSound(card, board);
  showTransfers(parts.transfers, board.transfers);
  showItems(parts.checks, [...flagWords(board.flags), ...Object.entries(board.checks).map(([k, v]) => `${k}: ${v}`)]);
  setText(parts.counts, counts(board).join(" · "));
}

function showSound(card, board) {
  const heard = board.connected && board.laf_db !== null;
  card.parts.sound.hidden = board.kind !== "sensor";
  if (card.parts.sound.hidden) return;
  setText(card.parts.laf, heard ? `${tenths.format(board.laf_db)} dB(A)` : "–");
  setText(card.parts.score, heard && board.score !== null ? hundredths.format(board.score) : "–");
  card.parts["score-meter"].value = heard ? board.score ?? 0 : 0;
  const now = performance.now();
  card.trace.push([now, heard ? board.laf_db : null]);
  while (card.trace[0][0] < now - TRACE_MS) card.trace.shift();
  draw(card.canvas, card.trace, now);
}

function draw(canvas, trace, now) {
  const { width, height } = canvas;
  const pen = canvas.getContext("2d");
  const colours = getComputedStyle(canvas);
  const y = (db) => height * (1 - (Math.min(Math.max(db, LOWEST_DB), HIGHEST_DB) - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB));
  pen.clearRect(0, 0, width, height);
  pen.strokeStyle = pen.fillStyle = colours.getPropertyValue("--quiet");
  pen.font = "11px sans-serif";
  pen.lineWidth = 0.5;
  for (let db = LOWEST_DB + 20; db < HIGHEST_DB; db += 20) {
    pen.beginPath();
    pen.moveTo(0, y(db));
    pen.lineTo(width, y(db));
    pen.stroke();
    pen.fillText(String(db), 4, y(db) - 3);
  }
  pen.strokeStyle = colours.color;
  pen.lineWidth = 2;
  pen.beginPath();
  let drawing = false;
  for (const [at, db] of trace) {
    const x = width * (1 - (now - at) / TRACE_MS);
    if (db !== null) pen[drawing ? "lineTo" : "moveTo"](x, y(db));
    drawing = db !== null;
  }
  pen.stroke();
}

function showTransfers(list, transfers) {
  const open = transfers.filter((transfer) => transfer.received < transfer.total);
  while (list.children.length > open.length) list.lastChild.remove();
  open.forEach((transfer, index) => {
    let item = list.children[index];
    if (!item) {
      item = list.appendChild(document.createElement("li"));
      item.append(document.createElement("span"), document.createElement("progress"));
    }
    const mega = (bytes) => tenths.format(bytes / 1e6);
    setText(item.firstChild, filled("transfer", { clip: transfer.clip, received: mega(transfer.received), total: mega(transfer.total) }));
    item.lastChild.max = transfer.total;
    item.lastChild.value = transfer.received;
    item.lastChild.setAttribute("aria-label", item.firstChild.textContent);
  });
}

function flagWords(flags) {
  return [...Array(FLAGS).keys()].filter((bit) => flags & (1 << bit)).map((bit) => word("flag", bit));
}

function counts(board) {
  const told = ["overruns", "dropped", "garbage"].filter((name) => board[name]).map((name) => filled(name, { n: board[name] }));
  const ms = board.clock_uncertainty_ms;
  return ms === null ? told : [filled("uncertainty", { ms: tenths.format(ms) }), ...told];
}

function cell(row, text, kind) {
  const made = row.insertCell();
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function showClips(clips) {
  const now = JSON.stringify(clips);
  if (now === shownClips) return;
  shownClips = now;
  document.getElementById("no-clips").hidden = clips.length > 0;
  const table = document.getElementById("clips");
  table.hidden = clips.length === 0;
  const rows = table.tBodies[0];
  rows.replaceChildren();
  for (const clip of [...clips].reverse()) {
    const row = rows.insertRow();
    cell(row, clip.id);
    cell(row, clip.trigger_time ? new Date(clip.trigger_time).toLocaleString(language) : "");
    cell(row, clip.lafmax_db === null ? "" : `${tenths.format(clip.lafmax_db)} dB(A)`, "number");
    cell(row, word("behaviour", clip.behaviour));
    cell(row, clip.score === null ? "" : hundredths.format(clip.score), "number");
    const state = cell(row, word("clip", clip.state) + (clip.evidence ? `, ${words.evidence}` : ""));
    if (clip.missing.length) {
      const lacks = state.appendChild(document.createElement("span"));
      lacks.className = "lacks";
      lacks.textContent = `${words.lacks}: ${clip.missing.join("; ")}`;
    }
    cell(row, clip.package ?? "", "place");
  }
}

function alarm(text) {
  const element = document.getElementById("alarm");
  setText(element, text);
  element.hidden = text === "";
}

async function look() {
  try {
    const answer = await fetch("/api/status", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.statusText);
    const status = await answer.json();
    setText(document.getElementById("site"), status.site);
    for (const [id, card] of cards) {
      if (!status.boards.some((board) => board.id === id)) {
        card.article.remove();
        cards.delete(id);
      }
    }
    status.boards.forEach(showBoard);
    showClips(status.clips);
    setText(document.getElementById("accepted"), status.accepted ? filled("accepted", { n: status.accepted }) : "");
    alarm(status.balance_holds ? "" : words.unbalanced);
  } catch {
    alarm(words.silent);
  }
  setTimeout(look, EVERY_MS);
}

look();
