// The step-up page: shows what is to be confirmed, takes the confirmation, and tells the bot. It decides nothing.

import { codeField, h, pad, qr } from "./dom.js";
import { facts } from "./facts.js";
import { canPasskey, createPasskey, usePasskey } from "./passkey.js";
import { arrive, inTelegram, initData, tellTelegram } from "./telegram.js";

const app = document.getElementById("app");
const asked = new URLSearchParams(location.search).get("c") || "";
let words = {};
let digits = { least: 4, most: 8 };
let typing = null; // who hears the keyboard

document.addEventListener("keydown", (event) => typing?.(event));

class Refused extends Error {
  constructor(status, says) {
    super(says);
    this.status = status;
  }
}

/** Asks the bot. Throws Refused with words for the person, and with status 0 when there was no answer. */
async function ask(verb, body = {}) {
  const sent = JSON.stringify({ ...body, init: initData, facts: facts() });
  let answer, told;
  try {
    answer = await fetch(verb, { method: "POST", headers: { "Content-Type": "application/json" }, body: sent, credentials: "omit", cache: "no-store" });
    told = await answer.json();
  } catch {
    throw new Refused(0, words.offline || document.body.dataset.offline);
  }
  if (!answer.ok) throw new Refused(answer.status, told.says || words.offline || document.body.dataset.offline);
  return told;
}

function show(...parts) {
  typing = null;
  app.replaceChildren(...parts.flat().filter(Boolean));
  app.dataset.ready = "1";
}

const wait = () => show(h("div.wait", { role: "status" }));
const close = () => tellTelegram("web_app_close");
const closer = () => (inTelegram ? h("button.plain", { type: "button", "data-testid": "close", onclick: close }, words.close || "×") : null);

function end(sign, text, ...more) {
  show(h("div.end", { "data-testid": "end" }, h("div.sign", { "aria-hidden": "true" }, sign), h("p", { role: "status" }, text), more, closer()));
}

const failed = (fault) => end("⚠️", fault.message, h("button", { type: "button", onclick: start }, words.again));

// Telegram's own view often has no passkeys; the phone's browser has. What Telegram signed goes along in the fragment,
// which no server sees, and is good for minutes.
const outside = () => h("button", { type: "button", "data-testid": "outside", onclick: () => tellTelegram("web_app_open_link", { url: location.href }) }, words.passkey_outside);

const first = (ways) => (ways.find((one) => one.factor !== "passkey" || canPasskey()) || ways[0])?.factor;

// ---- one challenge ----

/** Shows a challenge until it is passed or given up; gives whether it was passed. */
function confirmation(challenge) {
  return new Promise((resolve) => {
    let way = first(challenge.ways);
    const says = h("p.says", { role: "alert", "data-testid": "says" });
    const place = h("div");
    const speak = (text, kind = "bad") => { says.className = `says ${kind}`; says.textContent = text; };

    async function send(body) {
      app.setAttribute("aria-busy", "true");
      try {
        const told = await ask("prove", { challenge: challenge.id, ...body });
        if (told.state === "passed") return resolve(true);
        challenge = told.challenge;
        way = first(challenge.ways);
        draw();
      } catch (fault) {
        if ([401, 404, 410].includes(fault.status)) return failed(fault);
        speak(fault.message);
      } finally {
        app.removeAttribute("aria-busy");
      }
      return null;
    }

    async function passkey() {
      let credential;
      try {
        credential = await usePasskey(challenge.passkey);
      } catch {
        speak(words.passkey_failed);
        if (inTelegram && !place.querySelector("[data-testid=outside]")) place.append(outside());
        return null;
      }
      return send({ factor: "passkey", credential });
    }

    async function sendCode() {
      try {
        challenge = (await ask("send", { challenge: challenge.id })).challenge;
        draw();
      } catch (fault) {
        speak(fault.message);
      }
    }

    const means = {
      pin: () => pad(words, { ...digits, done: (guess) => send({ factor: "pin", guess }) }),
      totp: () => codeField(words, { label: words.totp_code, done: (guess) => send({ factor: "totp", guess }) }),
      recovery: () => codeField(words, { label: words.recovery, done: (guess) => send({ factor: "recovery", guess }) }),
      code: () => [challenge.sent ? codeField(words, { label: words.sent_code.replace("%", challenge.sent_to), done: (guess) => send({ factor: "code", guess }) }) : null,
        h("button", { type: "button", "data-testid": "send-code", onclick: sendCode }, words.send_code)],
      passkey: () => (canPasskey()
        ? h("button.primary", { type: "button", "data-testid": "passkey", onclick: passkey }, words.use_passkey)
        : outside()),
    };

    function draw() {
      const input = means[way]?.() || [];
      place.replaceChildren(...[input].flat().filter(Boolean));
      place.className = "list";
      const pressed = (one) => () => { way = one; says.textContent = ""; draw(); };
      show(
        h("h1", {}, challenge.title),
        challenge.amount || challenge.lines.length ? h("section.bill", { "data-testid": "bill" },
          challenge.amount ? h("p.amount", { "data-testid": "amount" }, challenge.amount) : null,
          h("dl", {}, challenge.lines.map(([name, value]) => [h("dt", {}, name), h("dd", { dir: "auto" }, value)]))) : null,
        challenge.note ? h("p.note", {}, challenge.note) : null,
        challenge.ways.length > 1 ? h("div.ways", { role: "group" }, challenge.ways.map((one) => h("button", {
          type: "button", "data-testid": `way-${one.factor}`, "aria-pressed": String(one.factor === way), onclick: pressed(one.factor) }, one.label))) : null,
        way === "pin" ? h("p.note", {}, words.pin) : null,
        place, says,
        h("div.foot", {}, challenge.phrase ? h("p.note", {}, `${words.phrase}: ${challenge.phrase}`) : null,
          h("button.plain", { type: "button", "data-testid": "cancel", onclick: giveUp }, words.cancel)));
      if (way === "pin") typing = place.firstChild.typing;
    }

    async function giveUp() {
      try {
        await ask("cancel", { challenge: challenge.id });
      } catch { /* it runs out by itself */ }
      resolve(false);
    }
    draw();
  });
}

// ---- what is enrolled ----

/** Asks for `verb`; where something must be proved first, proves it and asks again. Null when it was given up. */
async function proving(verb, body) {
  for (;;) {
    const told = await ask(verb, body);
    if (told.state !== "ask") return told;
    if (!(await confirmation(told.challenge))) return null;
    wait();
  }
}

function choosePin(title, note) {
  return new Promise((resolve) => {
    const keys = pad(words, { ...digits, done: resolve });
    show(h("h1", {}, title), note ? h("p.note", {}, note) : null, keys,
      h("div.foot", {}, h("button.plain", { type: "button", "data-testid": "cancel", onclick: () => resolve(null) }, words.cancel)));
    typing = keys.typing;
  });
}

async function setPin() {
  let note = words.new_pin_note;
  if (!(await proving("pin"))) return overview();
  for (;;) {
    const first = await choosePin(words.new_pin, note);
    if (first === null) return overview();
    const again = await choosePin(words.pin_again);
    if (again === null) return overview();
    if (again !== first) {
      note = words.pin_differs;
      continue;
    }
    wait();
    try {
      const told = await proving("pin", { pin: first });
      if (!told) return overview();
      return end("🔐", words.pin_is_set, told.paper ? [h("p.note", {}, words.paper), h("p.secret", { "data-testid": "paper" }, told.paper)] : null,
        h("button.primary", { type: "button", "data-testid": "next", onclick: overview }, words.next));
    } catch (fault) {
      if (fault.status !== 422) throw fault;
      note = fault.message;
    }
  }
}

function appKey(told) {
  return new Promise((resolve) => show(
    h("h1", {}, words.app_scan), qr(told.qr, words.app_qr), h("p.secret", { "data-testid": "secret" }, told.secret),
    h("a", { href: told.uri, rel: "noreferrer" }, words.app_open),
    h("div.foot", {}, h("button.primary", { type: "button", "data-testid": "next", onclick: () => resolve(true) }, words.next),
      h("button.plain", { type: "button", "data-testid": "cancel", onclick: () => resolve(false) }, words.cancel))));
}

async function addApp() {
  const told = await proving("totp");
  if (!told || !(await appKey(told)) || !(await confirmation(told.challenge))) return overview();
  return overview(words.saved);
}

async function addPasskey() {
  const told = await proving("passkey");
  if (!told) return overview();
  let credential;
  try {
    credential = await createPasskey(told.options);
  } catch {
    return overview(words.passkey_failed, "bad");
  }
  await ask("passkey-made", { challenge: told.challenge.id, credential });
  return overview(words.saved);
}

async function remove(name) {
  return overview((await proving("remove", { name })) ? words.saved : "");
}

async function disown(device) {
  await ask("disown", { device });
  return overview(words.saved);
}

const guarded = (act, ...more) => async () => {
  wait();
  try {
    await act(...more);
  } catch (fault) {
    if ([401, 404, 410, 0].includes(fault.status)) failed(fault);
    else overview(fault.message, "bad");
  }
};

async function overview(says = "", kind = "good") {
  if (typeof says !== "string") says = "";
  wait();
  const { security } = await ask("look", { challenge: "" });
  const acts = { pin: setPin, totp: addApp, passkey: addPasskey };
  const label = (one) => (one.factor === "passkey" ? words.add : one.set ? words.change : words.set);
  show(h("h1", {}, words.security), says ? h("p", { role: "status", "data-testid": "says", class: `says ${kind}` }, says) : null,
    h("div.list", {}, security.items.map((one) => (one.factor === "passkey" && !canPasskey() ? outside() : h("div.item", { "data-testid": `item-${one.factor || "remove"}` },
      h("b", {}, one.label), h("small", {}, one.state || (one.factor && !one.set ? words.none : "")),
      one.remove ? h("button.danger", { type: "button", "data-testid": "remove", onclick: guarded(remove, one.remove) }, words.remove)
        : h("button", { type: "button", "data-testid": `set-${one.factor}`, onclick: guarded(acts[one.factor]) }, label(one)))))),
    security.devices.length ? h("h1", {}, words.devices) : null,
    h("div.list", {}, security.devices.map((one) => h("div.item", { "data-testid": "device" }, h("b", {}, one.label), h("small", {}, one.state),
      one.open ? h("button.danger", { type: "button", "data-testid": "disown", onclick: guarded(disown, one.device) }, words.not_mine) : null))),
    h("div.foot", {}, closer()));
}

// ---- the beginning ----

async function start() {
  wait();
  if (!initData) return end("🔒", document.body.dataset.outside);
  try {
    const told = await ask("look", { challenge: asked });
    ({ words, pin: digits } = told);
    if (!told.challenge) return await overview();
    if (!(await confirmation(told.challenge))) return end("✋", words.cancelled);
    end("✅", words.done);
    setTimeout(close, 1500);
  } catch (fault) {
    failed(fault);
  }
  return null;
}

arrive();
start();
