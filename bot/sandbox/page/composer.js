// Where one writes: text, commands, inline queries, files, reply keyboards, START.

import { does, get } from "./api.js";
import { attempt, openApp } from "./actions.js";
import { debounce, dialog, h, icon } from "./dom.js";
import { currentChat, me, messagesOf, on, openChat, state } from "./store.js";
import { t } from "./words.js";

let box = null;
let input = null;
let panel = null; // commands or inline results, above the input
let replyTo = null;
let startWith = null; // payload of a deep link that waits for START
let menu = { commands: [], menu_button: {} };
let inline = null; // {query, query_id, results, button}
let shownFor = ""; // which person and chat the composer was drawn for

export function startComposer() {
  on("chat", draw);
  on("message", ({ message }) => { if (message.chat_id === state.chat) refreshKeyboards(); });
  on("commands", loadMenu);
  document.addEventListener("sampan:reply", ({ detail }) => answerTo(detail));
  document.addEventListener("sampan:compose", ({ detail }) => compose(detail));
  const scene = document.querySelector(".scene");
  scene.addEventListener("dragover", (event) => { event.preventDefault(); scene.dataset.drop = t("drop"); });
  scene.addEventListener("dragleave", () => delete scene.dataset.drop);
  scene.addEventListener("drop", (event) => {
    event.preventDefault();
    delete scene.dataset.drop;
    if (event.dataTransfer.files[0]) askFile(event.dataTransfer.files[0]);
  });
}

function compose({ text, start }) {
  if (start !== undefined) {
    startWith = start;
    return draw();
  }
  input.value = text;
  input.focus();
  return typed();
}

// ---- drawing ----

function draw() {
  box = document.getElementById("composer");
  const place = `${state.me}/${state.chat}`;
  if (place !== shownFor) {
    replyTo = null;
    inline = null;
    if (state.chat !== state.me) startWith = null;
  }
  shownFor = place;
  panel = h("div.panel", { hidden: true });
  if (isEmpty() || startWith !== null) {
    box.replaceChildren(h("button.start", { "data-testid": "start-button", onclick: pressStart }, t("start")));
    return;
  }
  input = h("textarea", {
    "data-testid": "composer-input", rows: 1, "aria-label": t("message"), dir: "auto", oninput: typed, onkeydown: keyed, onpaste: pasted,
    placeholder: usualPlaceholder(),
  });
  const file = h("input", { type: "file", hidden: true, "data-testid": "file-input", onchange: () => { if (file.files[0]) askFile(file.files[0]); file.value = ""; } });
  box.replaceChildren(panel, h("div.reply-bar", { "data-testid": "reply-bar", hidden: true }),
    h("div.line", {},
      h("button.menu", { "data-testid": "menu-button", hidden: true, onclick: pressMenu }, icon("menu", 18), h("span", {}, t("menu"))),
      h("button.round", { "data-testid": "attach", "aria-label": t("attach"), title: t("attach"), onclick: () => file.click() }, icon("clip", 22)), file, input,
      h("button.round.send", { "data-testid": "composer-send", "aria-label": t("send"), onclick: send }, icon("send", 22))),
    h("div.reply-keys", { hidden: true }));
  drawReplyBar();
  refreshKeyboards();
  loadMenu();
}

const usualPlaceholder = () => (currentChat().type === "private" ? t("message") : t("message_group", { bot: state.bot.username }));

const isEmpty = () => state.chat === state.me && messagesOf(state.chat).size === 0;

async function pressStart() {
  const payload = startWith;
  startWith = null;
  await attempt(() => does(state.me, "start", payload ? { payload } : {}));
  draw();
  input?.focus();
}

// ---- commands ----

async function loadMenu() {
  const place = shownFor;
  const answer = await get(`/sandbox/people/${state.me}/commands?chat_id=${state.chat}`);
  if (place !== shownFor) return;
  menu = answer;
  const button = box.querySelector(".menu");
  if (!button) return;
  const isApp = menu.menu_button?.type === "web_app";
  button.hidden = !(isApp || (menu.commands.length && currentChat().type === "private"));
  if (isApp) button.lastChild.textContent = menu.menu_button.text || t("menu");
}

async function pressMenu() {
  if (menu.menu_button?.type === "web_app") {
    const answer = await attempt(() => does(state.me, "web-app", { menu: true }));
    if (answer) openApp(answer.url);
    return;
  }
  if (!panel.hidden && panel.dataset.kind === "commands") hidePanel();
  else showCommands(menu.commands);
}

function showCommands(commands) {
  if (!commands.length) return hidePanel();
  panel.dataset.kind = "commands";
  panel.replaceChildren(...commands.map((entry) => h("button.command", {
    "data-testid": `command-${entry.command}`, onclick: () => { hidePanel(); input.value = ""; grow(); say(`/${entry.command}`); },
  }, h("b", {}, `/${entry.command}`), h("span", { dir: "auto" }, entry.description))));
  panel.hidden = false;
  return null;
}

function hidePanel() {
  panel.hidden = true;
  panel.replaceChildren();
}

// ---- typing ----

function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 140)}px`;
}

const inlineQuery = () => {
  const start = `@${state.bot.username}`.toLowerCase();
  const text = input.value;
  return text.toLowerCase().startsWith(`${start} `) ? text.slice(start.length + 1) : null;
};

function typed() {
  grow();
  const query = inlineQuery();
  if (query !== null) return askInline(query);
  if (/^\/\w*$/.test(input.value)) return showCommands(menu.commands.filter((entry) => entry.command.startsWith(input.value.slice(1))));
  return hidePanel();
}

function keyed(event) {
  if (event.key === "Escape") {
    hidePanel();
    answerTo(null);
  }
  if (event.key === "ArrowDown" && !panel.hidden) {
    event.preventDefault();
    panel.querySelector("button")?.focus();
  }
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (inlineQuery() !== null && inline?.results.length) chooseResult(inline.results[0]);
  else send();
}

function pasted(event) {
  const file = [...event.clipboardData.files][0];
  if (!file) return;
  event.preventDefault();
  askFile(file);
}

function send() {
  const text = input.value.trim();
  if (!text) return input.focus();
  input.value = "";
  grow();
  hidePanel();
  return say(text);
}

async function say(text) {
  const body = { text, chat_id: state.chat, ...(replyTo ? { reply_to: replyTo.message_id } : {}) };
  answerTo(null);
  await attempt(() => does(state.me, "say", body));
}

// ---- replies and reply keyboards ----

function answerTo(message) {
  replyTo = message;
  drawReplyBar();
  if (message) input?.focus();
}

function drawReplyBar() {
  const bar = box?.querySelector(".reply-bar");
  if (!bar) return;
  bar.hidden = !replyTo;
  if (!replyTo) return;
  bar.replaceChildren(icon("reply", 18), h("span.lines", {}, h("b", {}, t("replying", { name: replyTo.from?.name || state.bot.name })), h("span", {}, replyTo.text || t("photo"))),
    h("button.round", { "aria-label": t("cancel"), onclick: () => answerTo(null) }, icon("close", 18)));
}

/** The newest reply keyboard of the bot in this chat, and its request to answer. */
function refreshKeyboards() {
  const keys = box?.querySelector(".reply-keys");
  if (isEmpty() || !keys) {
    if (box && !isEmpty() && startWith === null && !keys) draw();
    return;
  }
  const all = [...messagesOf(state.chat).values()].filter((message) => !message.deleted);
  const newest = all.filter((message) => message.reply_keyboard).at(-1);
  const asked = newest?.reply_keyboard;
  if (asked?.force_reply && all.at(-1) === newest && replyTo?.message_id !== newest.message_id) {
    answerTo(newest);
  }
  const wanted = asked?.placeholder && (asked.rows || replyTo?.message_id === newest.message_id) ? asked.placeholder : null;
  input.placeholder = wanted || usualPlaceholder();
  const used = asked?.one_time && all.some((message) => message.message_id > newest.message_id && message.from?.id === state.me);
  keys.hidden = !asked?.rows || used;
  if (keys.hidden) return;
  keys.replaceChildren(...asked.rows.map((row) => h("div.keys", {}, row.map((key) =>
    h("button.key", { "data-testid": "reply-button", "data-label": key.label, dir: "auto", onclick: () => pressReplyKey(key) }, key.label)))));
}

async function pressReplyKey(key) {
  if (key.request === "contact") {
    const contact = { phone_number: `+999${state.me}`, first_name: me().first_name };
    await attempt(() => does(state.me, "send", { contact, chat_id: state.chat }));
  } else if (key.request === "location") {
    await attempt(() => does(state.me, "send", { location: { latitude: -23.55, longitude: -46.63 }, chat_id: state.chat }));
  } else await say(key.label);
}

// ---- inline mode ----

const askInline = debounce(250, async (query) => {
  if (inlineQuery() !== query) return;
  panel.dataset.kind = "inline";
  panel.hidden = false;
  if (!inline) panel.replaceChildren(h("p.hint", {}, t("searching", { bot: state.bot.username })));
  const answer = await attempt(() => does(state.me, "inline", { query, chat_id: state.chat }));
  if (!answer || inlineQuery() !== query) return;
  inline = { ...answer, query };
  const cards = answer.results.map((result) => h("button.card", { "data-testid": "inline-result", "data-result-id": result.id, onclick: () => chooseResult(result) },
    thumbnail(result), h("span.lines", {}, h("b", { dir: "auto" }, result.title || result.id), h("span", { dir: "auto" }, result.description || ""))));
  const button = answer.button?.text && h("button.plain", { onclick: () => inlineButton(answer.button) }, answer.button.text);
  const none = !cards.length && h("p.hint", {}, t(answer.answered ? "nothing_found" : "bot_silent"));
  panel.replaceChildren(...[button, h("div.cards", { "data-testid": "inline-results" }, cards), none].filter(Boolean));
});

function thumbnail(result) {
  const local = result.thumbnail_url && new URL(result.thumbnail_url, location.href);
  if (local && /^(127\.0\.0\.1|localhost)$/.test(local.hostname)) return h("img", { src: local.href, alt: "", width: 54, height: 54 });
  return h("span.thumb", {}, (result.title || "?").slice(0, 1));
}

async function chooseResult(result) {
  const { query_id } = inline;
  input.value = "";
  grow();
  hidePanel();
  inline = null;
  await attempt(() => does(state.me, "inline/choose", { query_id, result_id: result.id, chat_id: state.chat }));
}

async function inlineButton(button) {
  if (button.web_app_url) {
    const answer = await attempt(() => does(state.me, "web-app", { url: button.web_app_url }));
    if (answer) openApp(answer.url);
  } else {
    input.value = "";
    openChat(state.me);
    compose({ start: button.start_parameter || "" });
  }
}

// ---- files ----

async function askFile(file) {
  const isImage = /^image\/(jpeg|png|webp)$/.test(file.type);
  const url = isImage ? URL.createObjectURL(file) : null;
  const caption = h("input.field", { placeholder: t("caption"), "aria-label": t("caption"), "data-testid": "caption", maxLength: 1024, autofocus: true });
  const kind = h("select.language", { "aria-label": t("attach_title") }, h("option", { value: "photo" }, t("as_photo")), h("option", { value: "document" }, t("as_file")));
  const wanted = await dialog((close) => h("form.stack", { onsubmit: (event) => { event.preventDefault(); close(true); } },
    h("h2", {}, t("attach_title")), url && h("img.preview", { src: url, alt: file.name }), h("div.line", {}, h("b.clip", {}, file.name), isImage && kind), caption,
    h("div.actions", {}, h("button.plain", { type: "button", onclick: () => close(null) }, t("cancel")), h("button.primary", { "data-testid": "send-file" }, t("send")))));
  if (url) URL.revokeObjectURL(url);
  if (!wanted) return;
  const form = new FormData();
  form.append("kind", isImage ? kind.value : "document");
  form.append("chat_id", state.chat);
  if (caption.value) form.append("caption", caption.value);
  if (replyTo) form.append("reply_to", replyTo.message_id);
  form.append("file", file, file.name);
  answerTo(null);
  await attempt(() => does(state.me, "send", form));
}

