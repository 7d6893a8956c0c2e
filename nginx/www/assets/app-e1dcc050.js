// The front end of dambae200: what each store has on its shelves, kept in step by messages between the stores.
// What it is doing can be read from the page: body[data-route], #api[data-state], #socket[data-state] and so on.

import { StompSession } from "./stomp-5c9a17df.js";

const TOPIC = "/topic/stock";
const LEAST = 10; // fewer than this on the shelf is a shortage
const STORES = [
  { id: 1, name: "1호점", place: "역삼동" },
  { id: 2, name: "2호점", place: "성수동" },
];
const $ = (selector) => document.querySelector(selector);

// === Elements ===

function make(tag, properties = {}, ...children) {
  const { data = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

function show(...children) {
  $("#view").replaceChildren(...children);
}

function status(element, state, text, data = {}) {
  const instance = data.instance;
  delete element.dataset.instance;
  delete element.dataset.status;
  Object.assign(element.dataset, { state, ...(instance ? data : { ...data, instance: "" }) });
  element.querySelector(".text").textContent = instance ? `${text} (${instance})` : text;
}

// === API ===

class ApiError extends Error {
  constructor(text, code) {
    super(text);
    this.code = code;
  }
}

async function api(method, path, store, body) {
  const headers = { StorelId: String(store), Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  status($("#api"), "loading", "API: 묻는 중…");
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new ApiError(`서버가 ${answer.status} 응답을 보냈습니다`, answer.status);
    const isJson = answer.headers.get("content-type")?.includes("json");
    if (!isJson) throw new ApiError("API가 아닌 곳에서 응답했습니다 (JSON이 아님)", answer.status);
    const value = await answer.json();
    status($("#api"), "ready", "API: 정상", { status: answer.status, instance: answer.headers.get("x-instance") ?? value.instance ?? "" });
    return value;
  } catch (error) {
    const code = error instanceof ApiError ? error.code : 0;
    const text = code ? error.message : "서버에 닿지 못했습니다";
    status($("#api"), "failed", `API: ${text}`, { status: code });
    throw new ApiError(text, code);
  }
}

function failure(error, again) {
  const retry = make("button", { id: "retry", type: "button", onclick: again }, "다시 시도");
  return make("div", { className: "failure", id: "failure", data: { status: error.code ?? 0 } },
    make("p", {}, make("strong", {}, "재고를 불러오지 못했습니다. "), error.message), retry);
}

// === Views ===

function stores() {
  const list = STORES.map(({ id, name, place }) =>
    make("li", {}, make("a", { className: "card", href: `/stores/${id}/items`, data: { link: "" } },
      make("img", { src: new URL("./shelf-1031e846.png", import.meta.url).href, alt: "", width: 96, height: 64 }),
      make("strong", {}, name), ` ${place}`)));
  show(make("h1", {}, "매장"), make("p", { className: "quiet" }, "매장을 고르면 진열대의 재고가 보입니다."),
    make("ul", { className: "stores" }, ...list));
}

async function items(store) {
  const title = make("h1", {}, `${store}호점 재고`);
  show(title, make("p", { className: "quiet", id: "loading" }, "불러오는 중…"));
  const here = location.pathname;
  try {
    const answer = await api("GET", "/api/items", store);
    if (location.pathname !== here) return;
    const rows = (Array.isArray(answer) ? answer : answer.items ?? []).map((item) => row(store, item));
    const head = make("tr", {}, ...["상품", "재고", "모자람", "판매 · 입고"].map((text, column) =>
      make("th", { scope: "col", className: column === 1 || column === 2 ? "number" : "" }, text)));
    show(title, make("p", { className: "quiet" }, `상품 ${rows.length}가지`),
      make("div", { className: "card" }, make("table", { id: "items", data: { count: rows.length } },
        make("thead", {}, head), make("tbody", {}, ...rows))));
  } catch (error) {
    if (location.pathname === here) show(title, failure(error, () => items(store)));
  }
}

function row(store, item) {
  const element = make("tr", { data: { item: item.id } });
  const stock = make("td", { className: "number stock" });
  const missing = make("td", { className: "number missing" });
  const draw = (count) => {
    item.stock = count;
    const short = shortage(count, LEAST);
    stock.textContent = count;
    missing.textContent = short || "–";
    element.dataset.low = short > 0;
  };
  const adjust = (by, text) => make("button", {
    className: "adjust", type: "button", ariaLabel: `${item.name} ${text}`,
    onclick: async () => {
      try {
        const count = item.stock + by;
        await api("PATCH", `/api/items/${item.id}`, store, { stock: count });
        draw(count);
        announce(`${store}호점 ${item.name} ${text}, 남은 재고 ${count}`);
      } catch { /* the status line says why */ }
    },
  }, by < 0 ? "−" : "+");
  const link = make("a", { href: `/stores/${store}/items/${item.id}`, data: { link: "" } }, item.name ?? `#${item.id}`);
  element.append(make("td", {}, link), stock, missing, make("td", {}, adjust(-1, "판매 1"), " ", adjust(1, "입고 1")));
  draw(Number(item.stock ?? item.quantity ?? 0));
  return element;
}

async function item(store, id) {
  const back = make("p", {}, make("a", { href: `/stores/${store}/items`, data: { link: "" } }, `← ${store}호점 재고`));
  show(back, make("p", { className: "quiet", id: "loading" }, "불러오는 중…"));
  try {
    const answer = await api("GET", `/api/items/${id}`, store);
    const count = Number(answer.stock ?? answer.quantity ?? 0);
    show(back, make("h1", {}, answer.name ?? `#${id}`), make("div", { className: "card", id: "item", data: { item: id } },
      make("p", {}, `재고 ${count}, 모자람 ${shortage(count, LEAST)}`)));
  } catch (error) {
    show(back, failure(error, () => item(store, id)));
  }
}

function missing() {
  show(make("h1", {}, "없는 페이지입니다"), make("p", {}, make("a", { href: "/", data: { link: "" } }, "매장 목록으로")));
}

// === Routes ===

const ROUTES = [
  [/^\/(?:index\.html)?$/, "stores", stores],
  [/^\/stores\/(\d+)\/items\/?$/, "items", items],
  [/^\/stores\/(\d+)\/items\/(\d+)\/?$/, "item", item],
  [/^/, "missing", missing],
];

function route() {
  const path = location.pathname;
  const [pattern, name, view] = ROUTES.find(([candidate]) => candidate.test(path));
  document.body.dataset.route = name;
  for (const link of document.querySelectorAll("nav a")) {
    if (path.startsWith(link.pathname)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view(...path.match(pattern).slice(1));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-link]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  route();
  $("#view").focus();
});
addEventListener("popstate", route);

// === Messages between the stores ===

let session;
let wait = 1000; // ms until the next try; doubled at each failure up to half a minute

function connect() {
  const socket = $("#socket");
  status(socket, "connecting", "알림: 연결하는 중…");
  session = new StompSession(`${location.origin.replace(/^http/, "ws")}/stomp/ws`);
  session.addEventListener("connected", ({ detail: { version = "1.0", instance, server } }) => {
    wait = 1000;
    status(socket, "connected", `알림: 연결됨, STOMP ${version}`, { instance: instance ?? server ?? "", version });
    $("#send-button").disabled = false;
    session.subscribe(TOPIC);
  });
  session.addEventListener("message", ({ detail: { headers, body } }) => {
    const from = headers.instance ? make("span", { className: "from" }, ` ${headers.instance}`) : "";
    const time = make("time", {}, new Date().toLocaleTimeString("ko", { hour12: false }));
    $("#messages").prepend(make("li", { data: { body } }, time, from, ` ${body}`));
    while ($("#messages").children.length > 20) $("#messages").lastChild.remove();
    $("#no-messages").hidden = true;
  });
  session.addEventListener("failure", ({ detail }) => (socket.dataset.error = detail));
  session.addEventListener("closed", ({ detail }) => {
    const was = socket.dataset.state;
    const text = was === "connected" ? "연결이 끊어졌습니다" : "연결하지 못했습니다";
    status(socket, was === "connected" ? "closed" : "failed", `알림: ${text} (${detail}), ${wait / 1000}초 뒤 다시 시도`, { code: detail });
    $("#send-button").disabled = true;
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 30_000);
  });
}

function announce(text) {
  if ($("#socket").dataset.state === "connected") session.send(TOPIC, text);
}

$("#send").addEventListener("submit", (event) => {
  event.preventDefault();
  announce($("#send-body").value);
  event.target.reset();
});

// === Start ===

// Counting what is missing is WebAssembly's job, so that a proxy that serves .wasm with the wrong type is seen at once.
let shortage = (stock, least) => Math.max(least - stock, 0);
try {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(new URL("./shortage-7f6f1fa7.wasm", import.meta.url)));
  shortage = instance.exports.shortage;
  document.body.dataset.wasm = "ready";
} catch (error) {
  document.body.dataset.wasm = "failed";
  console.warn(`shortage.wasm: ${error.message}`);
}
document.fonts.load('1em "dambae200 icons"', "\ue001").then(
  (faces) => (document.body.dataset.font = faces.length ? "ready" : "failed"),
  () => (document.body.dataset.font = "failed"),
);
route();
connect();
//# sourceMappingURL=app-565a1e04.js.map
