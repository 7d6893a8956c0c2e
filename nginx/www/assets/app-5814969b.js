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

// Says in words, and in the data attributes of `element`, how things stand; what was said before is gone.
function status(element, state, text, { code = "", instance = "" } = {}) {
  Object.assign(element.dataset, { state, code, instance });
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
    status($("#api"), "ready", "API: 정상", { code: answer.status, instance: answer.headers.get("x-instance") ?? "" });
    return value;
  } catch (error) {
    const code = error instanceof ApiError ? error.code : 0;
    const text = code ? error.message : "서버에 닿지 못했습니다";
    status($("#api"), "failed", `API: ${text}`, { code });
    throw new ApiError(text, code);
  }
}

function failure(error, again) {
  const retry = make("button", { id: "retry", type: "button", onclick: again }, "다시 시도");
  return make("div", { className: "failure", id: "failure", data: { code: error.code } },
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
  await unlessGone(async () => {
    const rows = (await api("GET", "/api/items", store))
      .filter((item) => !item.store || item.store === Number(store))
      .map((item) => row(store, item));
    const count = make("p", { className: "quiet", id: "count" });
    const body = make("tbody", {}, ...rows);
    const table = make("table", { id: "items" }, make("thead", {}, columns()), body);
    const draw = () => {
      table.dataset.count = body.rows.length;
      count.textContent = body.rows.length ? `상품 ${body.rows.length}가지` : "아직 상품이 없습니다. 아래에서 첫 상품을 더하세요.";
    };
    draw();
    const added = (item) => {
      body.append(row(store, item));
      draw();
    };
    return [title, count, make("div", { className: "card" }, table, adder(store, added))];
  }, (error) => [title, failure(error, () => items(store))]);
}

// Shows what comes of `view`, or of `otherwise` when the API fails, unless the person has gone to another page meanwhile.
async function unlessGone(view, otherwise) {
  const here = location.pathname;
  let children;
  try {
    children = await view();
  } catch (error) {
    children = otherwise(error);
  }
  if (location.pathname === here) show(...children);
}

function columns() {
  const cell = (text, className = "") => make("th", { scope: "col", className }, text);
  return make("tr", {}, cell("상품"), cell("재고", "number"), cell("모자람", "number"), cell("판매 · 입고", "number"));
}

function adder(store, added) {
  const name = make("input", { id: "add-name", required: true, maxLength: 60, placeholder: "새 상품", ariaLabel: "새 상품" });
  const count = make("input", {
    id: "add-stock", type: "number", min: 0, max: 9999, defaultValue: 0, required: true, ariaLabel: "재고",
  });
  const form = make("form", { id: "add", className: "row" }, name, count, make("button", {}, "더하기"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      added(await api("POST", "/api/items", store, { name: name.value, stock: count.valueAsNumber, store: Number(store) }));
      form.reset();
    } catch { /* the status line says why */ }
  });
  return form;
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
  const buttons = make("td", { className: "number" }, adjust(-1, "판매 1"), " ", adjust(1, "입고 1"));
  element.append(make("td", {}, link), stock, missing, buttons);
  draw(Number(item.stock ?? 0));
  return element;
}

async function item(store, id) {
  const back = make("p", {}, make("a", { href: `/stores/${store}/items`, data: { link: "" } }, `← ${store}호점 재고`));
  show(back, make("p", { className: "quiet", id: "loading" }, "불러오는 중…"));
  await unlessGone(async () => {
    const { name = `#${id}`, stock = 0, createdOn = "" } = await api("GET", `/api/items/${id}`, store);
    return [back, make("h1", {}, name), make("div", { className: "card", id: "item", data: { item: id } },
      make("p", {}, `재고 ${stock}, 모자람 ${shortage(stock, LEAST)}`),
      make("p", { className: "quiet" }, createdOn && `${createdOn}에서 등록`))];
  }, (error) => [back, failure(error, () => item(store, id))]);
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
  let reason;
  session = new StompSession(`${location.origin.replace(/^http/, "ws")}/stomp/ws`);
  session.addEventListener("connected", ({ detail: { version = "1.0", instance, server } }) => {
    wait = 1000;
    status(socket, "connected", `알림: 연결됨, STOMP ${version}`, { code: version, instance: instance ?? server });
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
  session.addEventListener("failure", ({ detail }) => (reason = detail));
  session.addEventListener("closed", ({ detail }) => {
    const was = socket.dataset.state;
    const text = was === "connected" ? "연결이 끊어졌습니다" : "연결하지 못했습니다";
    const state = was === "connected" ? "closed" : "failed";
    status(socket, state, `알림: ${text} (${reason ?? detail}), ${wait / 1000}초 뒤 다시 시도`, { code: detail.split(" ")[0] });
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
//# sourceMappingURL=app-4b4267ba.js.map
