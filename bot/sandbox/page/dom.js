// Small helpers to build the page: elements, icons, dialogs, toasts, times and amounts. Knows nothing of chats or banks.

const SVG = "http://www.w3.org/2000/svg";

/** h("button.primary", {onclick, "data-testid": "x"}, child, …): an element; null and false children are left out. */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "style") Object.assign(element.style, value);
    else if (key.startsWith("on") || key in element && !key.includes("-") && key !== "list") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const ICONS = {
  send: "M3.4 20.6 21.5 12 3.4 3.400l-.1 6.700L15 12l-11.7 1.900z",
  clip: "M16.5 6.500v10a4.5 4.5 0 0 1-9 0V6a3 3 0 0 1 6 0v9.500a1.5 1.5 0 0 1-3 0V7H9v8.500a3 3 0 0 0 6 0V6a4.5 4.5 0 0 0-9 0v10.500a6 6 0 0 0 12 0v-10z",
  menu: "M4 6.500h16M4 12h16M4 17.500h10",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  down: "M5 9l7 7 7-7",
  scan: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M7 12h10",
  paste: "M9 4h6v3H9zM9 5.500H6.500A1.5 1.5 0 0 0 5 7v12a1.5 1.5 0 0 0 1.5 1.500h11A1.5 1.5 0 0 0 19 19V7a1.5 1.5 0 0 0-1.5-1.500H15",
  check: "M5 12.500l4.5 4.500L19 7",
  warn: "M12 4 2.8 20h18.400zM12 10v5M12 17.500v.5",
  clock: "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.500V12l3 2",
  reply: "M10 6 4 12l6 6v-4c5 0 8 1.5 10 5 0-6-3.5-9.5-10-9.500z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  link: "M8 16 16 8M9.5 8H16v6.5",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 2.5-6.5 6.5-6.500s6.5 2.5 6.5 6.500M16 4.500a3.5 3.5 0 0 1 0 6.500M17.5 14c2.5.6 4 2.8 4 6",
  chat: "M4 5h16v11H9l-5 4z",
  bank: "M3.5 9.5 12 4l8.5 5.500zM5.5 10v7M10 10v7M14 10v7M18.5 10v7M3.5 19.500h17",
  plus: "M12 5v14M5 12h14",
  app: "M4.5 4.500h6v6h-6zM13.5 4.500h6v6h-6zM4.5 13.500h6v6h-6zM13.5 13.500h6v6h-6z",
  file: "M6 3.500h8L18.5 8v12.500H6zM14 3.500V8h4.5",
};
const FILLED = new Set(["send", "clip"]);

/** One of the page's own line icons, hidden from screen readers. */
export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("class", FILLED.has(name) ? "fill" : "line");
  svg.append(path);
  return svg;
}

/** The boat. */
export function logo(size = 28) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  for (const [d, fill] of [["M4 19.500h24c-1.7 4.3-5.6 6.5-12 6.500S5.7 23.8 4 19.500z", "currentColor"], ["M15.3 4.500V17H6.800z", "currentColor"], ["M17.3 8v9h6.200z", "#ffc776"]]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("fill", fill);
    svg.append(path);
  }
  return svg;
}

export function avatar(who, size = 44) {
  const style = { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.38)}px` };
  const face = h("span.avatar", { style, "aria-hidden": "true" }, who.initials || "?");
  face.style.setProperty("--face", who.colour || "#7a8b8a");
  return face;
}

/** A short message that goes away by itself. */
export function toast(text, kind = "") {
  const box = h(`div.toast${kind ? "." + kind : ""}`, { "data-testid": "toast" }, text);
  document.getElementById("toasts").append(box);
  setTimeout(() => box.classList.add("gone"), 3200);
  setTimeout(() => box.remove(), 3600);
}

/** A modal dialog; gives the value handed to `close(value)`, null when it was dismissed. */
export function dialog(build, { testid = "dialog", wide = false } = {}) {
  return new Promise((resolve) => {
    const box = h(`dialog.sheet${wide ? ".wide" : ""}`, { "data-testid": testid });
    let result = null;
    const close = (value) => { result = value; box.close(); };
    box.append(...[build(close)].flat());
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
    box.addEventListener("close", () => { box.remove(); resolve(result); });
    document.body.append(box);
    box.showModal();
  });
}

const ALLOWED = { B: [], I: [], U: [], S: [], CODE: ["class"], PRE: [], BLOCKQUOTE: ["class"], SPAN: ["class"],
  A: ["href", "class", "data-username", "data-command"] };

/** The server's message HTML as nodes; anything outside the documented list is kept as its text only. */
export function safeHtml(html) {
  const source = document.createElement("template");
  source.innerHTML = html;
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return document.createTextNode("");
    const children = [...node.childNodes].map(copy);
    if (!(node.tagName in ALLOWED)) {
      const plain = document.createDocumentFragment();
      plain.append(...children);
      return plain;
    }
    const element = document.createElement(node.tagName);
    for (const name of ALLOWED[node.tagName]) if (node.hasAttribute(name)) element.setAttribute(name, node.getAttribute(name));
    element.append(...children);
    return element;
  };
  const result = document.createDocumentFragment();
  result.append(...[...source.content.childNodes].map(copy));
  for (const block of result.querySelectorAll("pre, blockquote")) { // a block breaks the line by itself
    const after = block.nextSibling;
    if (after?.nodeType === Node.TEXT_NODE && after.data.startsWith("\n")) after.data = after.data.slice(1);
  }
  return result;
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { value: text, style: { position: "fixed", opacity: "0" } });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export function debounce(ms, action) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), ms);
  };
}
