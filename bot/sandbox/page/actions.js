// What a button, a link or a command does: asks the sandbox as the person, then follows its answer.

import { does } from "./api.js";
import { copyText, dialog, h, toast } from "./dom.js";
import { openApp as openFrame } from "./miniapp.js";
import { chatsOf, openChat, state } from "./store.js";
import { money, t } from "./words.js";

const compose = (detail) => document.dispatchEvent(new CustomEvent("sampan:compose", { detail }));

/** Runs an action of a person; a refusal of the sandbox becomes a toast and null. */
export async function attempt(action) {
  try {
    return await action();
  } catch (fault) {
    toast(fault.code === "blocked" ? t("blocked") : t("failed", { why: fault.message }), "bad");
    return null;
  }
}

/** One press of an inline button, until the bot has answered. */
export async function press(message, button, row, column) {
  if (button.kind === "url") return followLink(button.value);
  const answer = await attempt(() => does(state.me, "press", { message_id: message.message_id, chat_id: message.chat_id, row, column }));
  if (!answer) return null;
  if (answer.kind === "callback") {
    if (!answer.answered) toast(t("bot_silent"), "bad");
    return answer.url ? followLink(answer.url) : null; // the text comes as an event
  }
  return obey(answer, message);
}

async function obey(answer, message) {
  if (answer.kind === "copy") {
    await copyText(answer.text);
    return toast(t("copied"));
  }
  if (answer.kind === "switch_inline") return switchInline(answer.query, answer.here);
  if (answer.kind === "web_app") return openApp(answer.url);
  if (answer.kind === "pay" || answer.kind === "invoice") return payInvoice(answer.invoice, message);
  if (answer.kind === "url" || answer.kind === "login") return openOutside(answer.url);
  if (answer.kind === "chat") return openChat(answer.chat_id);
  if (answer.kind === "share") return share(answer.text);
  return null;
}

/** A link of the bot opens its chat with START; any other is opened as Telegram would. */
export async function followLink(url) {
  const deep = startPayload(url);
  if (deep !== null) {
    openChat(state.me);
    return compose({ start: deep });
  }
  const answer = await attempt(() => does(state.me, "open-link", { url }));
  return answer && obey(answer, null);
}

/** The start parameter of a t.me link to this bot ("" for none), or null for another link. */
export function startPayload(url) {
  const text = /^[a-z]+:/i.test(url) ? url : `https://${url}`;
  let parsed;
  try {
    parsed = new URL(text);
  } catch {
    return null;
  }
  if (!/^(www\.)?(t|telegram)\.me$/.test(parsed.hostname)) return null;
  const path = parsed.pathname.replace(/^\//, "").replace(/\/$/, "");
  if (path.toLowerCase() !== state.bot.username.toLowerCase()) return null;
  if ([...parsed.searchParams.keys()].some((key) => key !== "start")) return null;
  return parsed.searchParams.get("start") || "";
}

async function openOutside(url) {
  await dialog((close) => [h("h2", {}, t("open_link")), h("p.mono", {}, url),
    h("div.actions", {}, h("button.plain", { onclick: () => close(null) }, t("cancel")),
      h("a.primary", { href: /^https?:/i.test(url) ? url : null, target: "_blank", rel: "noopener noreferrer", onclick: () => close(true) }, t("open")))]);
}

export function chooseChat() {
  return dialog((close) => [h("h2", {}, t("choose_chat")), h("div.stack", {}, chatsOf(state.me).map((chat) =>
    h("button.plain", { "data-testid": `choose-chat-${chat.id}`, onclick: () => close(chat.id) }, chat.type === "private" ? state.bot.name : chat.title)))]);
}

async function switchInline(query, here) {
  const chat = here ? state.chat : await chooseChat();
  if (chat === null) return;
  if (chat !== state.chat) openChat(chat);
  compose({ text: `@${state.bot.username} ${query}` });
}

async function share(text) {
  const chat = await chooseChat();
  if (chat === null) return;
  openChat(chat);
  compose({ text });
}

/** A Mini App in the frame of a phone. */
export const openApp = (url) => openFrame(url, openOutside);

async function payInvoice(bill, message) {
  const amount = (bill.total_amount / 10 ** bill.exponent).toFixed(bill.exponent);
  const price = bill.currency === "XTR" ? `⭐ ${bill.total_amount}` : money(amount, bill.currency);
  const wanted = await dialog((close) => h("div.stack", { "data-testid": "invoice" }, h("h2", {}, bill.title), h("p", {}, bill.description),
    bill.prices.map((line) => h("div.line", {}, h("span", {}, line.label), h("span", {}, (line.amount / 10 ** bill.exponent).toFixed(bill.exponent)))),
    h("div.actions", {}, h("button.plain", { onclick: () => close(null) }, t("cancel")),
      h("button.primary", { "data-testid": "invoice-pay", onclick: () => close(true) }, `${t("pay")} ${price}`))));
  const target = message ? { message_id: message.message_id, chat_id: message.chat_id } : { slug: bill.slug };
  if (!wanted) return message && attempt(() => does(state.me, "cancel-payment", target));
  const answer = await attempt(() => does(state.me, "pay", target));
  if (answer?.status === "refused") toast(t("pay_refused", { why: answer.reason }), "bad");
  if (answer?.status === "timeout") toast(t("pay_timeout"), "bad");
  return answer;
}
