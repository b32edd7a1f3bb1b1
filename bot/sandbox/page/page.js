// The page: who one is, whose chats there are, the clock. Messages are in thread.js, writing in composer.js, the bank in pocket.js.
//
// data-testid, for browser tests (stable):
//   clock, skip-300, skip-1200, skip-3600, skip-2592000, bot-status            header
//   person-<username>, person-unread, language, chat-<id>        who one is and which chat
//   chat-title, messages, typing                                 the chat; <main data-chat data-person>
//   message (data-message-id, data-kind, data-out)               one message; message-text, message-photo, edited
//   button (data-label, data-row, data-column)                   an inline button of a message; reply-button: of a reply keyboard
//   scan                                                         on a photo: opens the bank with this picture
//   composer-input, composer-send, attach, file-input, caption, send-file, menu-button, command-<name>, start-button, reply-bar
//   inline-result (data-result-id), inline-results               inline mode
//   toast, alert, alert-ok, dialog, choose-chat-<id>, invoice, invoice-pay
//   bank, bank-balance-EUR, bank-balance-BRL, bank-entry, bank-scan-file, bank-paste, bank-paste-input, bank-read
//   bank-review (data-scheme), bank-payee, bank-account, bank-amount, bank-reference, bank-problem, bank-warning (data-code)
//   bank-mode-right|wrong_amount|twice|late|no_reference, bank-amount-input, bank-late-wait, bank-pay, bank-dont, bank-error
//   bank-paid, bank-done, bank-messages-toggle, bank-message (data-kind, data-id, data-delivered), bank-again, bank-forge,
//   bank-day-end, bank-day-end-losing, bank-dispute, bank-claim (data-case), bank-claim-won, bank-claim-lost
//   person-thief, villain (data-villain), trick-<kind>           those who mean harm, where there is a forger (villains.js)
//   view-people, view-chat, view-bank                            the tabs of a narrow screen

import { patch, post } from "./api.js";
import { startComposer } from "./composer.js";
import { avatar, dialog, h, icon, logo, toast } from "./dom.js";
import { startPocket } from "./pocket.js";
import { bePerson, chatsOf, follow, loadAll, markRead, me, now, on, openChat, state, unread, unreadOf } from "./store.js";
import { startThread } from "./thread.js";
import { playThief, startVillains, victim } from "./villains.js";
import { showView, skipTime } from "./views.js";
import { clockTime, hasWord, LANGUAGES, t } from "./words.js";

const app = document.getElementById("app");

// ---- header ----

function drawTop() {
  const skip = (seconds) => h("button.skip", { "data-testid": `skip-${seconds}`, onclick: () => skipTime(seconds) }, t(`skip_${seconds}`));
  document.getElementById("top").replaceChildren(
    h("span.brand", {}, logo(30), h("b", {}, "Sampan")),
    h("span.status", { "data-testid": "bot-status", "data-on": String(state.connected) }, h("i"), h("span", {}, t(state.connected ? "connected" : "waiting_bot"))),
    h("span.grow"),
    h("span.timer", { role: "group", "aria-label": t("skip") },
      h("span.now", { "data-testid": "clock" }, icon("clock", 16), h("time", {}, clockTime(now()))),
      skip(300), skip(1200), skip(3600), skip(2592000)),
  );
}

function drawTabs() {
  const tab = (view, name, count = 0) => h("button", { "data-testid": `view-${view}`, "aria-pressed": String(app.dataset.view === view), onclick: () => showView(view) },
    icon(view), h("span", {}, t(name)), count > 0 && h("em.badge", {}, String(count)));
  const others = [...state.people.keys()].filter((id) => id !== state.me).reduce((sum, id) => sum + unreadOf(id), 0);
  document.getElementById("tabs").replaceChildren(tab("people", "people", others), tab("chat", "chat"), tab("bank", "bank"));
}

// ---- people ----

function roleName(person) {
  const key = `role_${person.role}`;
  return hasWord(key) ? t(key) : person.role || "";
}

function drawRail() {
  const faces = [...state.people.values()].filter((person) => !person.is_bot).map((person) => {
    const count = person.id === state.me ? 0 : unreadOf(person.id);
    return h("button.face", {
      "data-testid": `person-${person.username || person.id}`, "aria-current": person.id === state.me && !state.thief ? "true" : null, lang: person.language_code,
      "aria-label": `${t("be", { name: person.name })}, ${roleName(person)}${count ? ", " + t("unread", { n: count }) : ""}`,
      onclick: () => bePerson(person.id),
    }, h("span.portrait", {}, avatar(person, 48), count > 0 && h("em.badge", { "data-testid": "person-unread" }, count > 99 ? "99+" : String(count))),
    h("span.name", {}, person.first_name), h("span.role", {}, roleName(person)));
  });
  document.getElementById("rail").replaceChildren(...faces, thiefFace(), h("button.face.more", { "aria-label": t("add_person"), onclick: addPerson }, h("span.plus", {}, icon("plus", 22))));
}

/** The thief has no account of their own: they are there only where there is somebody to steal from. */
function thiefFace() {
  const person = victim();
  return person ? h("button.face", { "data-testid": "person-thief", "aria-current": state.thief ? "true" : null, onclick: () => playThief(bePerson) },
    h("span.portrait", {}, avatar({ initials: "🕶", colour: "#4b4b57" }, 48)), h("span.name", {}, t("thief")),
    h("span.role", {}, t("role_thief", { name: person.first_name }))) : "";
}

async function addPerson() {
  const name = h("input.field", { placeholder: t("name"), "aria-label": t("name"), maxLength: 40, autofocus: true });
  const language = languageSelect("en", () => {});
  const answer = await dialog((close) => h("form.stack", { onsubmit: (event) => { event.preventDefault(); close(name.value.trim()); } },
    h("h2", {}, t("add_person")), name, language,
    h("div.actions", {}, h("button.plain", { type: "button", onclick: () => close(null) }, t("cancel")), h("button.primary", {}, t("add")))));
  if (!answer) return;
  const username = `${answer.toLowerCase().replace(/[^a-z0-9]/g, "") || "guest"}${Math.floor(Math.random() * 9000 + 1000)}`;
  try {
    const person = await post("/sandbox/people", { first_name: answer, username, language_code: language.value, role: "shopper", join: true });
    await loadAll();
    bePerson(person.id);
  } catch (fault) {
    toast(t("failed", { why: fault.message }), "bad");
  }
}

function languageSelect(chosen, onchange) {
  const names = chosen in LANGUAGES ? LANGUAGES : { [chosen]: chosen, ...LANGUAGES };
  const select = h("select.language", { "data-testid": "language", "aria-label": t("language"), onchange },
    Object.entries(names).map(([code, name]) => h("option", { value: code, lang: code }, name)));
  select.value = chosen;
  return select;
}

// ---- chats ----

const summary = (message) => {
  if (!message || message.deleted) return "";
  if (message.text) return message.text.replaceAll("\n", " ");
  return message.kind === "photo" ? t("photo") : message.kind === "text" ? "" : t("file");
};

function drawSide() {
  const person = me();
  const select = languageSelect(person.language_code || "en", async () => {
    await patch(`/sandbox/people/${person.id}`, { language_code: select.value });
  });
  const rows = chatsOf(person.id).map((chat) => {
    const isPrivate = chat.type === "private";
    const last = [...(state.messages.get(chat.id) || new Map()).values()].at(-1);
    const count = unread(person.id, chat.id);
    const who = !isPrivate && last?.from ? h("b", {}, `${last.from.first_name}: `) : null;
    return h("button.row", {
      "data-testid": `chat-${chat.id}`, "aria-current": chat.id === state.chat ? "true" : null,
      onclick: () => { openChat(chat.id); showView("chat"); },
    }, avatar(isPrivate ? state.bot : chat, 46),
    h("span.lines", {}, h("span.line", {}, h("b.title", {}, isPrivate ? state.bot.name : chat.title), last && h("time", {}, clockTime(last.date))),
      h("span.line", {}, h("span.snippet", {}, who, summary(last) || t("no_messages")), count > 0 && h("em.badge", {}, String(count)))));
  });
  document.getElementById("side").replaceChildren(
    h("div.me", {}, avatar(person, 40), h("span.lines", {}, h("b.title", {}, person.name), h("span.snippet", {}, `@${person.username || person.id}`)), select),
    h("div.rows", {}, rows),
  );
}

// ---- start ----

function drawAll() {
  drawTop();
  drawRail();
  drawSide();
  drawTabs();
}

async function start() {
  await loadAll();
  const kept = Number(localStorage.getItem("sampan.me"));
  startThread(document.getElementById("chat"));
  startComposer();
  startPocket(document.getElementById("bank"));
  startVillains();
  on("people", drawAll);
  on("chats", () => { drawSide(); drawTabs(); });
  on("view", drawTabs);
  on("connection", drawTop);
  on("clock", drawTop);
  on("lost", (lost) => document.body.classList.toggle("lost", lost));
  on("fault", (fault) => toast(t("failed", { why: fault.message }), "bad"));
  on("toast", (event) => { if (event.user_id === state.me) showAnswer(event); });
  bePerson(state.people.has(kept) ? kept : [...state.people.keys()][0]);
  document.addEventListener("visibilitychange", markRead);
  setInterval(() => { document.querySelector(".timer time").textContent = clockTime(now()); }, 1000);
  follow();
  document.body.dataset.ready = "true";
}

/** The bot's answer to a button: a toast, or an alert to be closed. */
function showAnswer(event) {
  if (!event.text) return;
  if (!event.alert) return toast(event.text);
  return dialog((close) => [h("p.alert", { "data-testid": "alert" }, event.text),
    h("div.actions", {}, h("button.primary", { "data-testid": "alert-ok", autofocus: true, onclick: () => close(true) }, t("ok")))]);
}

start().catch((fault) => toast(fault.message, "bad"));
