// Small helpers: elements, the pad for a PIN, the field for a code, a QR code. Text goes in as text, never as markup.

/** h("button.primary", {onclick}, child, …): an element; null and false children are left out. */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Buttons for digits and dots for what was typed; `done(pin)` on OK. What was typed is nowhere in the document. */
export function pad(words, { least, most, done }) {
  let typed = "";
  const dots = h("div.dots", { role: "status", "data-testid": "dots" });
  const ok = h("button.key.ok", { type: "button", "data-testid": "pin-ok", "aria-label": words.ok, onclick: send }, "✓");
  function show() {
    dots.replaceChildren(...Array.from({ length: Math.max(typed.length, least) }, (_, place) => h(place < typed.length ? "i.on" : "i")));
    dots.setAttribute("aria-label", `${typed.length}`);
    ok.disabled = typed.length < least;
  }
  function press(digit) {
    if (typed.length < most) typed += digit;
    show();
  }
  function back() {
    typed = typed.slice(0, -1);
    show();
  }
  function send() {
    const pin = typed;
    typed = "";
    show();
    if (pin.length >= least) done(pin);
  }
  const key = (digit) => h("button.key", { type: "button", "data-testid": `pin-${digit}`, onclick: () => press(digit) }, digit);
  const keys = h("div.keys", {}, [..."123456789"].map(key),
    h("button.key.soft", { type: "button", "data-testid": "pin-back", "aria-label": words.back, onclick: back }, "⌫"), key("0"), ok);
  const box = h("div.pad", {}, dots, keys);
  box.typing = (event) => { // a keyboard, where there is one
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) press(event.key);
    else if (event.key === "Backspace") back();
    else if (event.key === "Enter" && event.target.tagName !== "BUTTON") send();
  };
  show();
  return box;
}

/** A field for the six digits of an app or a message; `done(code)` when they are there. */
export function codeField(words, { label, done }) {
  const input = h("input", { type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12, "data-testid": "code", "aria-label": label });
  const send = (event) => {
    event.preventDefault();
    const code = input.value.replace(/\s/g, "");
    input.value = "";
    if (code) done(code);
  };
  return h("form.code", { onsubmit: send }, h("label", {}, h("span", {}, label), input),
    h("button.primary", { type: "submit", "data-testid": "code-ok" }, words.confirm));
}

/** A QR code from its rows of "1" and "0". */
export function qr(rows, label) {
  const cell = 4, quiet = 4, side = (rows.length + 2 * quiet) * cell;
  const canvas = h("canvas.qr", { width: side, height: side, role: "img", "aria-label": label, "data-testid": "qr" });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000";
  rows.forEach((row, y) => [...row].forEach((bit, x) => bit === "1" && pen.fillRect((x + quiet) * cell, (y + quiet) * cell, cell, cell)));
  return canvas;
}
