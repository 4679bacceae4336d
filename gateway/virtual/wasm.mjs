// MicroPython as WebAssembly, as an interpreter of this package; the requests are in interpreter.py.
//
// Rules of this file
// - Requests and answers have a pipe each; standard input and output are the board's console, and never block:
//   what the host does not read waits here, and the firmware sees "not writable".
// - Nothing of the board is known here: stand-ins are MicroPython modules in /rom.
// - node wasm.mjs FILE.wasm HEAP_BYTES REQUESTS ANSWERS, the last two being file descriptors
import fs from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {sosfilt} from './single.mjs';

const [wasm, heapBytes, ...pipes] = process.argv.slice(2);
const [requestsFd, answersFd] = pipes.map(Number);
const FLASH = '/flash'; // the board's file system, and where it starts, as on boards that have both flash and ROM
const ROM = '/rom';
// Text printed while nobody reads is kept up to here: more than any listing, little for a computer.
const MAX_WAITING = 4 << 20;

// -- the console: file descriptors 0 and 1 of the interpreter

const incoming = Buffer.alloc(4096);
let incomingStart = 0;
let incomingStop = 0;
const outgoing = [];
let waiting = 0;

function readable() {
  if (incomingStart < incomingStop) return true;
  try {
    incomingStart = 0;
    incomingStop = fs.readSync(0, incoming);
  } catch (error) {
    incomingStop = 0;
    if (error.code !== 'EAGAIN') throw error;
  }
  return incomingStop > 0;
}

function say(bytes) {
  if (waiting + bytes.length > MAX_WAITING) return;
  outgoing.push(Buffer.from(bytes));
  waiting += bytes.length;
}

function flush() {
  while (waiting) {
    const data = outgoing.length > 1 ? Buffer.concat(outgoing.splice(0)) : outgoing.pop();
    let count = 0;
    try {
      count = fs.writeSync(1, data);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    waiting = data.length - count;
    if (waiting) outgoing.push(data.subarray(count));
    if (count === 0) return;
  }
}

const POLLIN = 1;
const POLLOUT = 4;
const input = {
  read(_stream, buffer, offset, length) {
    if (!readable()) return 0;
    const count = Math.min(length, incomingStop - incomingStart);
    buffer.set(incoming.subarray(incomingStart, incomingStart + count), offset);
    incomingStart += count;
    return count;
  },
  poll: () => (readable() ? POLLIN : 0),
};
const output = {
  write(_stream, buffer, offset, length) {
    say(buffer.subarray(offset, offset + length));
    return length;
  },
  poll() {
    flush();
    return waiting ? 0 : POLLOUT;
  },
};

// -- the interpreter

// Emscripten numbers errors in its own way; MicroPython and mpremote know Linux's numbers.
const ERRNO = {
  1: 7, 2: 13, 6: 11, 8: 9, 10: 16, 20: 17, 22: 27, 27: 4, 28: 22, 29: 5, 31: 21, 32: 40, 33: 24, 34: 31, 37: 36,
  41: 23, 43: 19, 44: 2, 48: 12, 51: 28, 52: 38, 54: 20, 55: 39, 59: 25, 60: 6, 63: 1, 64: 32, 69: 30, 70: 29,
  71: 3, 74: 26, 75: 18, 138: 95,
};
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = (binary, imports) => {
  for (const [name, syscall] of Object.entries(imports?.env ?? {})) {
    if (!name.startsWith('__syscall_')) continue;
    imports.env[name] = (...args) => {
      const result = syscall(...args);
      return result < 0 ? -(ERRNO[-result] ?? -result) : result;
    };
  }
  return instantiate(binary, imports);
};
const {loadMicroPython} = await import(pathToFileURL(path.join(path.dirname(wasm), 'micropython.mjs')));
const mp = await loadMicroPython({
  url: wasm,
  heapsize: Number(heapBytes),
  pystack: 16384, // words; the default of 2048 is less than a real board's stack
  stdin: () => null,
  stdout: (bytes) => say(bytes),
  linebuffer: false,
});
Object.assign(mp.FS.getStream(0).stream_ops, input);
Object.assign(mp.FS.getStream(1).stream_ops, output);

mp.registerJsModule('_single_sosfilt', {sosfilt: sosfilt(() => mp._module.HEAPU8.buffer)});

const standins = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'standin');
mp.FS.mkdir(FLASH);
mp.FS.mkdir(ROM);
for (const name of fs.readdirSync(standins)) {
  if (name.endsWith('.py')) mp.FS.writeFile(`${ROM}/${name}`, fs.readFileSync(path.join(standins, name)));
}
mp.FS.chdir(FLASH);
mp.runPython(`import sys; sys.path[:] = ['', '.frozen', '${FLASH}/lib', '${ROM}']`);
const host = mp.pyimport('_host');
const [reserve, run, call] = [host.reserve, host.run, host.call];
const answerAt = host.answer_address();

function put(bytes) {
  const address = reserve(bytes.length);
  mp._module.HEAPU8.set(bytes, address);
  return bytes.length;
}

function answered() {
  const memory = mp._module.HEAPU8;
  const [status, address, size] = new Uint32Array(memory.buffer, answerAt, 3);
  return [status, memory.subarray(address, address + size)];
}

// -- files

function writeFile(body) {
  const size = body.readUInt16LE(0);
  const name = body.toString('utf8', 2, 2 + size);
  mp.FS.mkdirTree(path.posix.dirname(`${FLASH}/${name}`));
  mp.FS.writeFile(`${FLASH}/${name}`, new Uint8Array(body.subarray(2 + size))); // a Buffer would not be copied
}

function readFiles(folder, found = []) {
  for (const name of mp.FS.readdir(folder)) {
    if (name === '.' || name === '..') continue;
    const full = `${folder}/${name}`;
    if (mp.FS.isDir(mp.FS.stat(full).mode)) {
      readFiles(full, found);
    } else {
      const bytes = Buffer.from(full.slice(FLASH.length + 1));
      const content = mp.FS.readFile(full);
      const head = Buffer.alloc(6);
      head.writeUInt16LE(bytes.length, 0);
      head.writeUInt32LE(content.length, 2);
      found.push(head, bytes, content);
    }
  }
  return found;
}

// -- the prompt

// mpremote asks for raw-paste mode, which hangs in this build; the answer is that there is none.
const RAW_PASTE = [0x05, 0x41, 0x01];
let asked = 0;
let prompt = false;

function processBytes(bytes) {
  if (!prompt) {
    mp.replInit();
    prompt = true;
  }
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === RAW_PASTE[asked]) {
      asked += 1;
      if (asked === RAW_PASTE.length) {
        asked = 0;
        say(Buffer.from('R\0'));
      }
      continue;
    }
    for (const held of RAW_PASTE.slice(0, asked)) mp.replProcessChar(held);
    asked = 0;
    if (mp.replProcessChar(bytes[at])) return [at + 1, 1];
  }
  return [bytes.length, 0];
}

// -- requests

const OK = 0;
const FAULT = 1;

function obey(op, body) {
  switch (op) {
    case 'X':
      run(put(body));
      return answered();
    case 'C': {
      const start = 1 + body[0];
      call(body.toString('utf8', 1, start), put(body.subarray(start)));
      return answered();
    }
    case 'W':
      writeFile(body);
      return [OK, Buffer.alloc(0)];
    case 'R':
      return [OK, Buffer.concat(readFiles(FLASH))];
    case 'F':
      return [OK, Buffer.alloc(0)];
    case 'P': {
      const answer = Buffer.alloc(5);
      const [taken, left] = processBytes(body);
      answer.writeUInt32LE(taken, 0);
      answer[4] = left;
      return [OK, answer];
    }
    default:
      throw new Error(`unknown request ${op}`);
  }
}

function sendAll(data) {
  for (let at = 0; at < data.length; ) at += fs.writeSync(answersFd, data, at);
}

let requests = Buffer.alloc(1 << 20);
let stop = 0;
for (;;) {
  while (stop < 4 || stop < 4 + requests.readUInt32LE(0)) {
    const size = stop < 4 ? 0 : 4 + requests.readUInt32LE(0);
    if (size > requests.length) requests = Buffer.concat([requests, Buffer.alloc(size)]);
    const count = fs.readSync(requestsFd, requests, stop, requests.length - stop, null);
    if (count === 0) process.exit(0);
    stop += count;
  }
  const size = 4 + requests.readUInt32LE(0);
  let status = FAULT;
  let answer;
  try {
    [status, answer] = obey(String.fromCharCode(requests[4]), requests.subarray(5, size));
  } catch (error) {
    answer = Buffer.from(String(error.message ?? error));
  }
  requests.copyWithin(0, size, stop);
  stop -= size;
  flush();
  const head = Buffer.alloc(9);
  head.writeUInt32LE(answer.length + 5, 0);
  head[4] = status;
  head.writeUInt32LE(waiting, 5);
  sendAll(Buffer.concat([head, answer]));
}
