// The chat on the screen: its messages with formatting, photos, buttons, edits and deletions.

import { does } from "./api.js";
import { followLink, press } from "./actions.js";
import { avatar, copyText, h, icon, safeHtml, toast } from "./dom.js";
import { scanPicture } from "./pocket.js";
import { currentChat, messagesOf, now, on, state } from "./store.js";
import { clockTime, dayName, t } from "./words.js";

// Pixels of a picture: with its text and its buttons it should fit on a small screen.
const TALLEST = 440;
const WIDEST = 420;
const ROOM_FOR_TEXT = 400;

let list = null; // the scrolling element
let head = null;
let downButton = null;
let place = 0; // where the list was scrolled to while it could be seen
let missed = false; // whether something new came while it could not

export function startThread(main) {
  head = h("header.head");
  list = h("div.messages", { "data-testid": "messages", role: "log", "aria-live": "polite", tabIndex: 0, onscroll: followScroll });
  downButton = h("button.down", { "aria-label": t("latest"), hidden: true, onclick: () => toEnd(true) }, icon("down"));
  main.append(head, h("div.scene", {}, list, downButton), h("div.composer", { id: "composer" }));
  on("chat", drawThread);
  on("chats", drawHead);
  on("typing", drawHead);
  on("message", takeMessage);
  on("view", comeBack);
}

// ---- head ----

function drawHead() {
  const chat = currentChat();
  if (!chat) return;
  const isPrivate = chat.type === "private";
  const action = state.typing.get(chat.id);
  const below = action
    ? h("span.typing", { "data-testid": "typing" }, t(action === "upload_photo" ? "sending_photo" : action.startsWith("upload") ? "sending_file" : "typing"))
    : h("span", {}, isPrivate ? `@${state.bot.username} · ${t("bot")}` : t("members", { n: chat.members.length }));
  head.replaceChildren(avatar(isPrivate ? state.bot : chat, 40),
    h("span.lines", {}, h("b.title", { "data-testid": "chat-title" }, isPrivate ? state.bot.name : chat.title), below));
}

// ---- messages ----

function drawThread() {
  const main = list.closest("main");
  main.dataset.chat = state.chat;
  main.dataset.person = state.me;
  drawHead();
  const shown = [...messagesOf(state.chat).values()].filter((message) => !message.deleted);
  list.replaceChildren(...shown.map(drawMessage));
  if (!shown.length && state.chat === state.me) list.append(welcome());
  tidy();
  toEnd(false);
}

function welcome() {
  return h("div.welcome", {}, avatar(state.bot, 84), h("h2", {}, t("welcome", { bot: state.bot.name })), h("p", {}, t("welcome_more")));
}

function takeMessage({ type, message, isNew }) {
  if (message.chat_id !== state.chat) return;
  const known = list.querySelector(`[data-message-id="${message.message_id}"]`);
  const becomes = isNew || (known && known.dataset.kind !== message.kind); // a review that turns into a card is as good as new
  const stays = list.scrollHeight - list.scrollTop - list.clientHeight < (becomes ? 160 : 8) || (isNew && message.from?.id === state.me);
  missed ||= isNew && !list.clientHeight;
  list.querySelector(".welcome")?.remove();
  if (type === "deleted") {
    known?.classList.add("leaving");
    setTimeout(() => { known?.remove(); tidy(); }, 260);
    return;
  }
  const drawn = drawMessage(message);
  if (known) known.replaceWith(drawn);
  else list.append(drawn);
  if (isNew) drawn.classList.add("coming");
  if (type === "edited") drawn.classList.add("changed");
  tidy();
  if (!stays) return;
  if (becomes && drawn.offsetHeight > list.clientHeight) list.scrollTop = drawn.offsetTop - 8; // a tall one is read from its top
  else toEnd(false);
}

/** Days between messages, and who begins a run of messages from one sender. */
function tidy() {
  list.querySelectorAll(".day").forEach((day) => day.remove());
  let before = null;
  for (const element of list.querySelectorAll(".message")) {
    const day = new Date(element.dataset.date * 1000).toDateString();
    if (!before || new Date(before.dataset.date * 1000).toDateString() !== day) {
      element.before(h("div.day", {}, h("span", {}, dayName(Number(element.dataset.date), now()))));
      before = null;
    }
    const goesOn = before && before.dataset.from === element.dataset.from && element.dataset.date - before.dataset.date < 300 && before.dataset.kind !== "service";
    element.classList.toggle("first", !goesOn);
    before?.classList.toggle("last", !goesOn);
    element.classList.add("last");
    before = element;
  }
}

function toEnd(smooth) {
  list.scrollTo({ top: list.scrollHeight, behavior: smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "instant" });
}

/** On a narrow screen the list was hidden, and lost its place. */
function comeBack() {
  if (!list.clientHeight) return;
  if (missed) toEnd(false);
  else list.scrollTop = place;
  missed = false;
}

function followScroll() {
  if (!list.clientHeight) return;
  place = list.scrollTop;
  downButton.hidden = list.scrollHeight - list.scrollTop - list.clientHeight < 240;
}

function drawMessage(message) {
  const mine = message.from?.id === state.me;
  const service = message.kind === "service";
  const group = currentChat().type !== "private";
  const element = h(`article.message${mine ? ".mine" : ""}${service ? ".service" : ""}${message.media && !message.text ? ".bare" : ""}`, {
    "data-testid": "message", "data-message-id": message.message_id, "data-kind": message.kind, "data-out": String(message.out),
    "data-date": message.date, "data-from": message.via_bot ? `via${message.message_id}` : message.from?.id ?? "", ondblclick: () => service || askReply(message),
  });
  if (service) {
    element.append(h("span.note", { "data-testid": "message-text" }, message.text));
    return element;
  }
  if (group && !mine) element.append(avatar(message.from || state.bot, 34));
  const bubble = h("div.bubble", {},
    group && !mine && author(message.from || state.bot),
    message.via_bot && h("div.via", {}, t("via", { bot: state.bot.username })),
    message.forward_from && h("div.via", {}, t("forwarded", { name: message.forward_from })),
    message.reply_to && quote(message),
    message.invoice && invoice(message));
  const media = message.media && drawMedia(message);
  const words = message.text && h("div.text", { "data-testid": "message-text", dir: "auto" }, safeHtml(message.html));
  if (words) words.addEventListener("click", textClick);
  bubble.append(...(message.caption_above ? [words, media] : [media, words]).filter(Boolean), meta(message));
  const tools = h("button.tool", { "aria-label": t("reply"), title: t("reply"), onclick: () => askReply(message) }, icon("reply", 16));
  const body = h("div.body", {}, bubble, message.keyboard && keyboard(message), reactions(message));
  if (message.kind === "photo") body.classList.add("with-photo");
  if (message.kind === "photo" && message.media.width) body.style.setProperty("--wide", `${photoWidth(message)}px`);
  element.append(body, tools);
  return element;
}

function author(person) {
  const name = h("div.author", {}, person.name);
  name.style.setProperty("--face", person.colour);
  return name;
}

function meta(message) {
  return h("div.meta", {}, message.edit_date && h("span", { "data-testid": "edited" }, t("edited")), h("time", {}, clockTime(message.date)));
}

function quote(message) {
  const answered = messagesOf(message.chat_id).get(message.reply_to);
  const show = () => {
    const target = list.querySelector(`[data-message-id="${message.reply_to}"]`);
    target?.scrollIntoView({ block: "center", behavior: "smooth" });
    target?.classList.add("changed");
  };
  return h("button.quote", { onclick: show }, h("b", {}, answered?.from?.name || (answered ? state.bot.name : "")), h("span", {}, answered ? answered.text || t("photo") : t("deleted_message")));
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return h("div.reactions", {}, message.reactions.map((reaction) => {
    const mine = reaction.mine_of?.includes(state.me);
    const flip = () => does(state.me, "react", { message_id: message.message_id, chat_id: message.chat_id, emoji: mine ? null : reaction.emoji });
    return h("button", { "aria-pressed": String(Boolean(mine)), onclick: flip }, `${reaction.emoji} ${reaction.count}`);
  }));
}

function askReply(message) {
  document.dispatchEvent(new CustomEvent("sampan:reply", { detail: message }));
}

// ---- media ----

function drawMedia(message) {
  const { media, kind } = message;
  if (kind === "photo" || (kind === "sticker" && media.mime_type?.startsWith("image/"))) return photo(message);
  if (kind === "video" || kind === "animation") {
    return h("video.film", { src: media.url, controls: kind === "video", loop: kind === "animation", muted: kind === "animation", autoplay: kind === "animation", playsInline: true });
  }
  if (kind === "audio" || kind === "voice") return h("audio.sound", { src: media.url, controls: true });
  return h("a.file", { href: media.url, download: media.file_name || "file" }, h("span.sheet-icon", {}, icon("file", 24)),
    h("span.lines", {}, h("b", {}, media.file_name || t("file")), h("span", {}, fileSize(media.size))));
}

function photo(message) {
  const { media } = message;
  const picture = h("img", { src: media.url, alt: message.text ? message.text.split("\n")[0] : t("photo"), loading: "eager", width: media.width || 320, height: media.height || 320 });
  const zoom = h("button.zoom", { "aria-label": t("photo"), onclick: () => lightbox(media.url, picture.alt) }, picture);
  const scan = h("button.scan", { "data-testid": "scan", title: t("scan_title"), "aria-label": t("scan_title"), onclick: () => scanPicture(media.url) }, icon("scan", 18), h("span", {}, t("scan")));
  const frame = h("div.photo", { "data-testid": "message-photo" }, zoom, scan);
  if (media.width && media.height) frame.style.aspectRatio = `${media.width} / ${media.height}`;
  if (media.spoiler) {
    frame.classList.add("hidden");
    frame.addEventListener("click", (event) => { if (frame.classList.replace("hidden", "seen")) event.stopPropagation(); }, { capture: true });
  }
  return frame;
}

/** As wide as the picture at its greatest height; a long caption makes room for itself. */
function photoWidth({ media, text }) {
  return Math.max(text.length > 160 ? ROOM_FOR_TEXT : 0, Math.round(Math.min(media.width, WIDEST, (TALLEST * media.width) / media.height)));
}

function lightbox(url, alt) {
  const box = h("dialog.lightbox", { onclick: () => box.close(), onclose: () => box.remove() }, h("img", { src: url, alt }));
  document.body.append(box);
  box.showModal();
}

const fileSize = (bytes) => (bytes > 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`);

function invoice(message) {
  const { invoice: bill } = message;
  const amount = (bill.total_amount / 10 ** bill.exponent).toFixed(bill.exponent);
  return h("div.invoice", {}, bill.photo_url && h("img", { src: bill.photo_url, alt: "" }), h("b", {}, bill.title), h("p", {}, bill.description), h("span.sum", {}, `${amount} ${bill.currency}`, bill.paid && ` · ${t("paid")}`));
}

// ---- buttons and links ----

const BUTTON_ICONS = { url: "link", copy: "copy", web_app: "app", switch_inline: "reply", switch_inline_here: "reply", pay: "bank" };

function keyboard(message) {
  return h("div.keyboard", {}, message.keyboard.map((row, i) => h("div.keys", {}, row.map((button, j) => {
    const key = h(`button.key${button.style ? ".is-" + button.style : ""}`, {
      "data-testid": "button", "data-label": button.label, "data-row": i, "data-column": j, "data-kind": button.kind, dir: "auto",
      onclick: async () => {
        key.classList.add("busy");
        await press(message, button, i, j);
        key.classList.remove("busy");
      },
    }, h("span", {}, button.label), BUTTON_ICONS[button.kind] && icon(BUTTON_ICONS[button.kind], 13));
    return key;
  }))));
}

function textClick(event) {
  const hidden = event.target.closest(".spoiler, .expandable");
  hidden?.classList.toggle("shown");
  const link = event.target.closest("a");
  if (link) {
    event.preventDefault();
    if (link.dataset.command) does(state.me, "say", { text: link.dataset.command, chat_id: state.chat });
    else if (link.dataset.username) return;
    else if (link.href) followLink(link.getAttribute("href"));
    return;
  }
  const code = event.target.closest("code, pre");
  if (code && !String(getSelection())) copyText(code.textContent).then(() => toast(t("copied")));
}

