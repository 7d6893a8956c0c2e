// A small STOMP 1.0 to 1.2 client over one WebSocket: text bodies, heart-beats, no acknowledgements or transactions.

const HEART_BEAT = 10_000; // ms, offered in both directions
const GRACE = 2; // how many heart-beats may be late before the server is taken for gone

// Headers are escaped from 1.1 on, and never in CONNECT and CONNECTED, which 1.0 peers must be able to read.
const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c" };
const escapeHeader = (text) => text.replace(/[\\\n\r:]/g, (char) => ESCAPES[char]);
const unescapeHeader = (text) => text.replace(/\\([\\nrc])/g, (_, char) => ({ "\\": "\\", n: "\n", r: "\r", c: ":" })[char]);

function encode(command, headers, body, escaped) {
  const asIs = (text) => String(text);
  const write = escaped ? (text) => escapeHeader(String(text)) : asIs;
  const lines = Object.entries(headers).map(([name, value]) => `${write(name)}:${write(value)}\n`);
  return `${command}\n${lines.join("")}\n${body}\0`;
}

// Takes the frames that are whole off the front of `bytes`; what remains waits for the next WebSocket message.
function decode(bytes, escaped) {
  const text = new TextDecoder();
  const frames = [];
  let at = 0;
  for (;;) {
    while (bytes[at] === 10 || bytes[at] === 13) at += 1; // line ends between frames: heart-beats
    const start = at;
    const lines = [];
    let end;
    for (;;) {
      end = bytes.indexOf(10, at);
      if (end < 0) return { frames, rest: bytes.subarray(start) };
      const line = text.decode(bytes.subarray(at, end)).replace(/\r$/, "");
      at = end + 1;
      if (line === "") break;
      lines.push(line);
    }
    const [command, ...rows] = lines;
    const read = escaped && command !== "CONNECTED" ? unescapeHeader : (raw) => raw;
    const headers = {};
    for (const row of rows) {
      const colon = row.indexOf(":");
      const name = read(row.slice(0, colon));
      headers[name] ??= read(row.slice(colon + 1)); // of repeated headers the first one counts
    }
    const length = headers["content-length"];
    end = length === undefined ? bytes.indexOf(0, at) : at + Number(length);
    if (end < 0 || end >= bytes.length) return { frames, rest: bytes.subarray(start) };
    frames.push({ command, headers, body: text.decode(bytes.subarray(at, end)) });
    at = end + 1;
  }
}

// Dispatches `connected` (detail: headers), `message` (detail: frame), `failure` (detail: text) and, last, `closed` (detail: text).
export class StompSession extends EventTarget {
  #socket;
  #rest = new Uint8Array();
  #escaped = false;
  #timers = [];
  #heard = 0;
  #subscriptions = 0;

  constructor(url) {
    super();
    this.#socket = new WebSocket(url, ["v12.stomp", "v11.stomp", "v10.stomp"]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () =>
      this.#write("CONNECT", { "accept-version": "1.0,1.1,1.2", "heart-beat": `${HEART_BEAT},${HEART_BEAT}` });
    this.#socket.onmessage = ({ data }) => this.#receive(typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));
    this.#socket.onclose = ({ code, reason }) => {
      this.#timers.forEach(clearInterval);
      this.#tell("closed", reason ? `${code} ${reason}` : `${code}`);
    };
  }

  subscribe(destination) {
    this.#write("SUBSCRIBE", { id: `sub-${this.#subscriptions++}`, destination, ack: "auto" });
  }

  send(destination, body) {
    const length = new TextEncoder().encode(body).length;
    this.#write("SEND", { destination, "content-type": "text/plain;charset=utf-8", "content-length": length }, body);
  }

  close() {
    if (this.#socket.readyState === WebSocket.OPEN) this.#write("DISCONNECT", {});
    this.#socket.close(1000);
  }

  #write(command, headers, body = "") {
    this.#socket.send(encode(command, headers, body, this.#escaped && command !== "CONNECT"));
  }

  #receive(bytes) {
    this.#heard = performance.now();
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    const { frames, rest } = decode(joined, this.#escaped);
    this.#rest = rest;
    frames.forEach((frame) => this.#handle(frame));
  }

  #handle(frame) {
    if (frame.command === "CONNECTED") {
      this.#escaped = (frame.headers.version ?? "1.0") !== "1.0";
      this.#beat(frame.headers["heart-beat"] ?? "0,0");
      this.#tell("connected", frame.headers);
    } else if (frame.command === "MESSAGE") {
      this.#tell("message", frame);
    } else if (frame.command === "ERROR") {
      this.#tell("failure", frame.headers.message ?? frame.body);
    }
  }

  // Each side says how often it can send and how often it wants to hear; the slower of the two holds, 0 means never.
  #beat(offer) {
    const [theirs, wanted] = offer.split(",").map(Number);
    if (wanted) this.#timers.push(setInterval(() => this.#socket.send("\n"), Math.max(HEART_BEAT, wanted)));
    if (theirs) {
      const limit = Math.max(HEART_BEAT, theirs) * GRACE;
      const listen = () => performance.now() - this.#heard > limit && this.#socket.close(4000, "heart-beats stopped");
      this.#timers.push(setInterval(listen, limit / 4));
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
