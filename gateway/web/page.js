// Shows what /api/status says, several times a second. Every word comes from page.html or from texts.toml.
//
// Rules of this file
// - What is there is changed, not made again: a reader's place and a screen reader's focus stay.
// - Text goes in as text, never as HTML: a board cannot write into the page.
// - No answer is said in words, and old figures are never shown as live.

const EVERY_MS = 400;
const RETRY_MS = 1500;
const PATIENCE_MS = 4000;
const TRACE_MS = 60_000;
const TRACE_WIDTH = 600;
const TRACE_HEIGHT = 80;
const LOWEST_DB = 30;
const HIGHEST_DB = 110;
const UNDECIDED = ["receiving", "complete", "partial"];
const FORGOTTEN = ["expired"];
const UNHEARD = 4 | 16; // flags of a microphone that is silent or a line that is nobody's: its level is no level

const language = document.documentElement.lang;
const locale = { en: "en-GB", nl: "nl-BE", fr: "fr-BE" }[language];
const byId = (id) => document.getElementById(id);
const oneDecimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDecimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

let names = {};
let phrases = [];
let lastAnswer = null;
const traces = new Map();

// -- words

/** The word for what the gateway calls `name`; the name itself when it has none. */
const word = (kind, name) => names[kind]?.[name] ?? name;

const fill = (text, values) => text.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]);

/** A phrase of texts.toml as [pattern of the English sentence, translation]. */
function phrase([english, translation]) {
  const escaped = english.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&");
  return [new RegExp(`^${escaped.replaceAll(/\{(\w+)\}/g, "(?<$1>.+?)")}$`), translation];
}

/** A sentence of a board or the gateway in the page's language; null when it has none. */
function translated(sentence) {
  for (const [pattern, translation] of phrases) {
    const match = pattern.exec(sentence);
    if (match) {
      const inner = Object.entries(match.groups ?? {}).map(([key, text]) => [key, translated(text) ?? text]);
      return fill(translation, Object.fromEntries(inner));
    }
  }
  return null;
}

// -- small steps

const part = (within, name) => within.querySelector(`[data-is="${name}"]`);

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show a sentence of a board or the gateway within `frame`; what has no translation is marked as English. */
function quote(element, sentence, frame = (text) => text) {
  const own = translated(sentence);
  element.lang = own === null ? "en" : language;
  say(element, frame(own ?? sentence));
}

/** Make `within` have one child for each of `items`, in their order; a child stays as long as its key does. */
function keep(within, items, key, make, update) {
  const old = new Map([...within.children].map((child) => [child.dataset.key, child]));
  let before = within.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const child = old.get(name) ?? make();
    old.delete(name);
    child.dataset.key = name;
    update(child, item);
    if (child === before) before = before.nextElementSibling;
    else within.insertBefore(child, before);
  }
  for (const child of old.values()) child.remove();
}

const copyOf = (template) => () => byId(template).content.firstElementChild.cloneNode(true);
const newElement = (tag) => () => document.createElement(tag);

function setBar(bar, value, lowest, highest, text) {
  const share = value === null ? 0 : Math.min(Math.max((value - lowest) / (highest - lowest), 0), 1);
  bar.firstElementChild.style.width = `${share * 100}%`;
  bar.setAttribute("aria-valuenow", String(value === null ? lowest : Math.min(Math.max(value, lowest), highest)));
  bar.setAttribute("aria-valuetext", text);
}

// -- boards

function showBoard(card, board) {
  const heard = board.connected && (board.flags & UNHEARD) === 0;
  const level = heard ? board.laf_db : null;
  const score = heard ? board.score : null;
  const state = board.connected ? board.state : null;
  const isSensor = board.kind === "sensor";
  const hasMessage = board.message !== "" && board.message !== "connected";
  const faults = Object.entries(board.checks);
  card.dataset.kind = board.kind;
  card.dataset.state = state ?? "";
  say(part(card, "id"), board.id);
  say(part(card, "kind"), word("kind", board.kind));
  say(part(card, "connection"), word("word", board.connected ? "connected" : "not_connected"));
  part(card, "connection").dataset.tone = board.connected ? "good" : "bad";
  part(card, "message").hidden = !hasMessage;
  quote(part(card, "message"), board.message);
  part(card, "level").hidden = !isSensor;
  part(card, "signature").hidden = !isSensor;
  say(part(card, "laf"), level === null ? "–" : oneDecimal.format(level));
  setBar(part(card, "laf-bar"), level, LOWEST_DB, HIGHEST_DB, level === null ? names.word.no_value : `${oneDecimal.format(level)} dB(A)`);
  say(part(card, "score"), score === null ? "–" : twoDecimals.format(score));
  setBar(part(card, "score-bar"), score, 0, 1, score === null ? names.word.no_value : twoDecimals.format(score));
  showPercentiles(card, board);
  part(card, "state-row").hidden = state === null;
  say(part(card, "state"), state === null ? "" : word("state", state));
  part(card, "mode-row").hidden = board.mode === null || !isSensor;
  say(part(card, "mode"), board.mode === null ? "" : word("mode", board.mode));
  part(card, "transfer-row").hidden = !board.connected;
  showTransfers(part(card, "transfers"), board.transfers.filter(({ received, total }) => received < total));
  part(card, "checks-row").hidden = !board.connected;
  keep(part(card, "checks"), faults.length ? faults : [["", ""]], ([what]) => what, newElement("p"), showCheck);
  showTrace(card.querySelector("polyline"), board.id, level);
}

/** The background of the last hour, and levels exceeded in the last ten minutes; nothing when nobody is heard. */
function showPercentiles(card, board) {
  const { hour, ten_minutes: minutes } = board;
  const hidden = board.kind !== "sensor" || !board.connected;
  part(card, "background-row").hidden = hidden;
  part(card, "exceeded-row").hidden = hidden || minutes === null;
  say(part(card, "background"), hour === null ? "–" : `${oneDecimal.format(hour.la95_db)} dB(A)`);
  const over = hour === null ? names.word.background_later : names.word.background_over;
  const inMinutes = (seconds) => ({ minutes: String(Math.round(seconds / 60)) });
  say(part(card, "background-over"), fill(over, inMinutes(hour?.over_s ?? 0)));
  if (minutes === null) return;
  const levels = [minutes.la10_db, minutes.la50_db, minutes.la90_db].map((level) => oneDecimal.format(level));
  say(part(card, "exceeded-over"), fill(names.word.exceeded_over, inMinutes(minutes.over_s)));
  say(part(card, "exceeded"), `${levels.join(" / ")} dB(A)`);
}

function showCheck(line, [what, fault]) {
  line.dataset.tone = what === "" ? "good" : "bad";
  if (what === "") say(line, names.word.check_good);
  else quote(line, fault, (text) => fill(names.word.check_bad, { what: word("check", what), fault: text }));
}

function showTransfers(within, transfers) {
  const make = () => {
    const line = document.createElement("div");
    line.append(document.createElement("span"), document.createElement("progress"));
    return line;
  };
  keep(within, transfers.length ? transfers : [null], (one) => one?.clip ?? "", make, (line, one) => {
    const [text, bar] = line.children;
    bar.hidden = one === null;
    if (one === null) return say(text, names.word.no_transfer);
    const megabytes = (bytes) => oneDecimal.format(bytes / 1e6);
    say(text, fill(names.word.transfer, { clip: one.clip, received: megabytes(one.received), total: megabytes(one.total) }));
    bar.max = one.total;
    bar.value = one.received;
    bar.setAttribute("aria-label", text.textContent);
  });
}

/** Draw the last minute of a level; a gap in time is drawn as the straight line that it is. */
function showTrace(line, board, level) {
  const now = performance.now();
  const trace = (traces.get(board) ?? []).filter(([at]) => now - at < TRACE_MS);
  if (level !== null) trace.push([now, level]);
  traces.set(board, trace);
  const x = (at) => (TRACE_WIDTH * (1 - (now - at) / TRACE_MS)).toFixed(1);
  const y = (db) => (TRACE_HEIGHT * (1 - (db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB))).toFixed(1);
  line.setAttribute("points", trace.map(([at, db]) => `${x(at)},${y(db)}`).join(" "));
}

// -- clips

function showClip(row, clip) {
  const time = part(row, "time");
  time.dateTime = clip.trigger_time ?? "";
  say(time, clip.trigger_time === null ? names.word.not_yet : calendar.format(new Date(clip.trigger_time)));
  say(part(row, "id"), clip.id);
  say(part(row, "lafmax"), clip.lafmax_db === null ? "–" : `${oneDecimal.format(clip.lafmax_db)} dB(A)`);
  say(part(row, "behaviour"), clip.behaviour === null ? "–" : word("behaviour", clip.behaviour));
  say(part(row, "score"), clip.score === null ? "–" : twoDecimals.format(clip.score));
  say(part(row, "state"), word("clip", clip.state));
  const undecided = UNDECIDED.includes(clip.state);
  const lacks = clip.missing.length || clip.reason === "" ? clip.missing : [clip.reason];
  const none = undecided || FORGOTTEN.includes(clip.state) ? "–" : names.word.nothing;
  keep(part(row, "missing"), lacks.length ? lacks : [null], (text) => text ?? "", newElement("p"), (line, text) => {
    if (text === null) say(line, none);
    else quote(line, text);
  });
  const evidence = part(row, "evidence");
  const verdict = undecided ? "not_yet" : clip.evidence ? "yes" : "no";
  evidence.dataset.tone = { not_yet: "open", yes: "good", no: "bad" }[verdict];
  say(evidence, FORGOTTEN.includes(clip.state) ? "–" : names.word[verdict]);
  if (FORGOTTEN.includes(clip.state)) evidence.dataset.tone = "open";
}

// -- the whole

function show(status) {
  byId("site").hidden = false;
  say(byId("site").querySelector("strong"), status.site);
  byId("no-boards").hidden = status.boards.length > 0;
  keep(byId("boards"), status.boards, (board) => board.id, copyOf("board"), showBoard);
  byId("no-clips").hidden = status.clips.length > 0;
  byId("clips").hidden = status.clips.length === 0;
  const newestFirst = [...status.clips].reverse();
  keep(byId("clips").tBodies[0], newestFirst, (clip) => clip.id, copyOf("clip"), showClip);
  byId("accepted").hidden = status.accepted === 0;
  say(byId("accepted").querySelector("strong"), String(status.accepted));
  byId("unbalanced").hidden = status.balance_holds;
}

/** Say whether the gateway answers. */
function setAnswering(answering) {
  document.body.dataset.answering = answering;
  byId("silent").hidden = answering;
  byId("live").hidden = !answering;
  byId("waiting").hidden = answering || lastAnswer !== null;
  byId("since").hidden = lastAnswer === null;
  if (lastAnswer !== null) say(byId("since").querySelector("time"), clock.format(lastAnswer));
}

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function look() {
  let wait = EVERY_MS;
  try {
    if (phrases.length === 0) {
      const texts = await ask(`/texts/${language}.json`);
      names = texts.names;
      phrases = texts.phrases.map(phrase);
    }
    if (!document.hidden) {
      show(await ask("/api/status"));
      lastAnswer = new Date();
      setAnswering(true);
    }
  } catch (error) {
    console.warn(error);
    setAnswering(false);
    wait = RETRY_MS;
  }
  setTimeout(look, wait);
}

look();
