// The pocket bank app of the person one is: balances, reading a code, paying it, and what the bank told the shop.

import { get, post } from "./api.js";
import { debounce, dialog, h, icon, toast } from "./dom.js";
import { me, on, payer, state, tell } from "./store.js";
import { showView, skipTime } from "./views.js";
import { clockTime, hasWord, locale, money, t } from "./words.js";

const MODES = ["right", "wrong_amount", "twice", "late", "no_reference"];
const WAITS = [300, 1200, 3600, 86400];

let phone = null; // the screen inside the frame
let accounts = [];
let screen = { name: "home" }; // home | reading | review {reading} | paid {payment} | messages
let drawnFor = null;

export function startPocket(aside) {
  phone = h("div.screen", { "data-testid": "bank" });
  aside.append(h("div.phone", {}, h("div.island", { "aria-hidden": "true" }), phone));
  on("money", debounce(250, refresh));
  on("people", () => { if (drawnFor !== `${payer().id} ${locale()}`) begin(); });
  setInterval(() => { if (!document.hidden) refresh(); }, 4000);
}

function begin() {
  if (!drawnFor?.startsWith(`${payer().id} `)) {
    screen = { name: "home" };
    accounts = [];
  }
  drawnFor = `${payer().id} ${locale()}`;
  draw();
  refresh();
}

async function refresh() {
  if (!state.me) return;
  const { id, name } = payer();
  const answer = await get(`/bank/accounts/${id}?name=${encodeURIComponent(name)}`);
  if (id !== payer().id) return;
  const changed = JSON.stringify(answer.accounts) !== JSON.stringify(accounts);
  accounts = answer.accounts;
  if (changed && screen.name === "home") draw();
  if (screen.name === "messages") await refreshMessages();
}

function show(next) {
  screen = next;
  draw();
  phone.scrollTop = 0;
}

function draw() {
  if (!state.me) return;
  const body = { home, reading, review, paid, messages }[screen.name]();
  phone.replaceChildren(statusBar(), h(`div.page.at-${screen.name}`, {}, body));
}

function statusBar() {
  const title = screen.name === "home" ? null : h("button.round", { "data-testid": "bank-back", "aria-label": t("close"), onclick: () => show({ name: "home" }) }, icon("back", 20));
  return h("header.bar", {}, title, h("span.grow", {}, h("b", {}, t("bank_name")), h("small", {}, t("bank_hello", { name: payer().name.split(" ")[0] }))), h("span.mark", {}, icon("bank", 20)));
}

// ---- home ----

function home() {
  const file = h("input", { type: "file", accept: "image/*", hidden: true, "data-testid": "bank-scan-file", onchange: () => { if (file.files[0]) readPicture(file.files[0]); file.value = ""; } });
  return [
    h("div.accounts", {}, accounts.map((account) => h(`div.account.${account.currency}`, {},
      h("span.label", {}, account.currency, h("small", {}, account.iban ? spaced(account.iban) : `Pix ${account.pix_key.slice(0, 8)}…`)),
      h("span.balance", { "data-testid": `bank-balance-${account.currency}`, "data-amount": account.balance }, money(account.balance, account.currency))))),
    h("div.doings", {}, file,
      h("button", { onclick: () => file.click() }, h("span.bubble-icon", {}, icon("scan", 22)), t("bank_scan")),
      h("button", { "data-testid": "bank-paste", onclick: pasteCode }, h("span.bubble-icon", {}, icon("paste", 22)), t("bank_paste")),
      h("button", { "data-testid": "bank-messages-toggle", onclick: openMessages }, h("span.bubble-icon", {}, icon("mail", 22)), t("bank_messages"))),
    h("h3", {}, t("bank_entries")),
    entries(),
  ];
}

function entries() {
  const all = accounts.flatMap((account) => account.entries.map((entry) => ({ ...entry, currency: account.currency }))).sort((a, b) => b.id - a.id);
  if (!all.length) return h("p.hint", {}, t("bank_no_entries"));
  return h("ul.entries", {}, all.slice(0, 40).map((entry) => h("li", { "data-testid": "bank-entry", "data-cents": entry.cents, "data-currency": entry.currency },
    h(`span.sign.${entry.cents < 0 ? "out" : "in"}`, { "aria-hidden": "true" }, entry.cents < 0 ? "↗" : "↙"),
    h("span.lines", {}, h("b", {}, entryName(entry)), h("span", {}, clockTime(entry.at))),
    h(`span.sum.${entry.cents < 0 ? "out" : "in"}`, {}, money(entry.cents / 100, entry.currency)),
    entry.kind === "payment" && entry.cents < 0 && h("button.plain.small", { "data-testid": "bank-dispute", title: t("dispute_hint"), onclick: () => dispute(entry) }, t("dispute")))));
}

/** The customer disputes a payment: their bank takes it back from the shop. Deciding it is among the messages. */
async function dispute(entry) {
  try {
    await post("/bank/claims", { person: payer().id, booking: entry.id });
    toast(t("disputed"));
    await refresh();
  } catch (error) {
    toast(error.message, "bad");
  }
}

function drawClaims() {
  const decide = async (claim, how) => {
    await post(`/bank/claims/${claim.id}/${how}`);
    toast(t(`case_${how}`));
    screen.claims = (await get("/bank/claims")).claims;
    draw();
    await refresh();
  };
  const open = (screen.claims || []).filter((claim) => claim.state === "opened");
  return open.map((claim) => h("div.told", { "data-testid": "bank-claim", "data-case": claim.id },
    h("p", {}, t("case_open", { amount: money(claim.amount, claim.currency), case: claim.id })),
    h("div.actions", {}, h("button.plain.small", { "data-testid": "bank-claim-won", onclick: () => decide(claim, "won") }, t("shop_wins")),
      h("button.plain.small", { "data-testid": "bank-claim-lost", onclick: () => decide(claim, "lost") }, t("shop_loses")))));
}

function entryName(entry) {
  if (hasWord(`entry_${entry.kind}`)) return t(`entry_${entry.kind}`, { name: entry.other });
  return t(entry.cents < 0 ? "entry_out" : "entry_in", { name: entry.other });
}

const spaced = (iban) => iban.replace(/(.{4})(?=.)/g, "$1 ");

// ---- reading ----

/** Points the bank app at a picture of the chat: its very bytes go to the bank, which decodes the pixels. */
export async function scanPicture(url) {
  showView("bank");
  show({ name: "reading", url });
  readPicture(await (await fetch(url)).blob(), url);
}

async function readPicture(blob, url = URL.createObjectURL(blob)) {
  show({ name: "reading", url });
  const form = new FormData();
  form.append("file", blob, "picture");
  await ask(() => post("/bank/read", form));
}

async function ask(read) {
  try {
    show({ name: "review", reading: await read(), mode: "right" });
  } catch (fault) {
    show({ name: "review", reading: { problems: [{ code: fault.code, says: fault.message }], warnings: [], codes: 0 }, mode: "right" });
  }
}

function reading() {
  return h("div.scanner", {}, h("div.frame", {}, screen.url && h("img", { src: screen.url, alt: "" }), h("i")), h("p.hint", {}, t("bank_reading")));
}

async function pasteCode() {
  const area = h("textarea.field", { rows: 6, "data-testid": "bank-paste-input", "aria-label": t("bank_paste_hint"), placeholder: t("bank_paste_hint"), autofocus: true });
  const text = await dialog((close) => h("form.stack", { onsubmit: (event) => { event.preventDefault(); close(area.value); } },
    h("h2", {}, t("bank_paste_title")), area,
    h("div.actions", {}, h("button.plain", { type: "button", onclick: () => close(null) }, t("cancel")), h("button.primary", { "data-testid": "bank-read" }, t("bank_read")))));
  if (text?.trim()) await ask(() => post("/bank/read", { text: text.replace(/^\n+|\s+$/g, "") }));
}

// ---- review and pay ----

/** The bank's sentence in the reader's language; it speaks English itself. */
function says(problem, values = {}) {
  if (hasWord(`p_${problem.code}`)) return t(`p_${problem.code}`, values);
  return locale() === "zh-CN" ? t("p_other", { code: problem.code || "?" }) : problem.says;
}

function notice(kind, problem, values) {
  return h(`p.notice.${kind}`, { "data-testid": `bank-${kind}`, "data-code": problem.code }, icon("warn", 18), h("span", {}, says(problem, values)));
}

function review() {
  const { reading: code } = screen;
  const values = { holder: code.holder, payee: code.payee, n: code.codes };
  const notices = [...code.problems.slice(0, 3).map((p) => notice("problem", p, values)), ...code.warnings.map((w) => notice("warning", w, values))];
  const leave = h("button.plain", { "data-testid": "bank-dont", onclick: () => show({ name: "home" }) }, t(code.payable ? "bank_dont" : "close"));
  const fact = (label, value, testid, extra) => value && h("div.fact", {}, h("dt", {}, label), h("dd", { "data-testid": testid }, value, extra));
  if (!code.payable && !code.payee) return [h("h3", {}, t("bank_review")), ...notices, h("div.actions", {}, leave)];
  const confirmed = code.holder && !code.warnings.some((w) => w.code === "name_differs") && h("small.sure", {}, icon("check", 14), t("bank_confirmed"));
  return h("div.review-body", { "data-testid": "bank-review", "data-scheme": code.scheme },
    h("h3", {}, t("bank_review")),
    h("div.big", { "data-testid": "bank-amount", "data-amount": code.amount }, code.amount ? money(code.amount, code.currency) : "—"),
    notices,
    h("dl.facts", {},
      fact(t("bank_payee"), code.payee, "bank-payee", confirmed),
      fact(t(code.account_kind === "iban" ? "bank_iban" : "bank_pix_key"), code.account_kind === "iban" ? spaced(code.account) : code.account, "bank-account"),
      fact(t("bank_ref"), code.reference, "bank-reference"),
      fact(t("bank_text"), code.text, "bank-text")),
    code.payable && chooser(code),
    h("p.notice.problem", { "data-testid": "bank-error", hidden: !screen.error }, screen.error || ""),
    h("div.actions", {}, leave, code.payable && payButton(code)));
}

function chooser(code) {
  const pick = (mode) => { screen.mode = mode; screen.error = null; draw(); };
  const options = MODES.map((mode) => h("label.mode", { "data-testid": `bank-mode-${mode}` },
    h("input", { type: "radio", name: "mode", value: mode, checked: screen.mode === mode, onchange: () => pick(mode) }), h("span", {}, t(`mode_${mode}`))));
  const asks = screen.mode === "wrong_amount" || code.amount === null;
  const amount = asks && h("input.field", {
    "data-testid": "bank-amount-input", inputMode: "decimal", placeholder: code.amount || "0.00", "aria-label": t("bank_amount"), value: screen.amount || "",
    oninput: (event) => { screen.amount = event.target.value.trim().replace(",", "."); phone.querySelector(".pay span").textContent = payLabel(code); },
  });
  const wait = screen.mode === "late" && h("label.wait", {}, t("late_wait"),
    h("select.language", { "data-testid": "bank-late-wait", onchange: (event) => { screen.wait = Number(event.target.value); } },
      WAITS.map((seconds) => h("option", { value: seconds, selected: seconds === (screen.wait || 3600) }, t(`skip_${seconds}`)))));
  return h("fieldset.modes", {}, h("legend", {}, t("bank_how")), options, amount, wait);
}

function payLabel(code) {
  const amount = (screen.mode === "wrong_amount" || code.amount === null ? screen.amount : code.amount) || "";
  const shown = /^\d+(\.\d{1,2})?$/.test(amount) ? money(amount, code.currency) : "…";
  return t(screen.mode === "twice" ? "bank_pay_twice" : "bank_pay", { amount: shown });
}

function payButton(code) {
  return h("button.primary.pay", { "data-testid": "bank-pay", disabled: Boolean(screen.busy), onclick: pay }, h("span", {}, payLabel(code)));
}

async function pay() {
  const { reading: code, mode, amount } = screen;
  screen.busy = true;
  draw();
  if (mode === "late" && !(await skipTime(screen.wait || 3600))) {
    screen.busy = false;
    return draw();
  }
  try {
    const asks = mode === "wrong_amount" || code.amount === null;
    const body = { person: payer().id, name: payer().name, payload: code.payload, mode, ...(asks ? { amount: amount || "" } : {}) };
    const answer = await post("/bank/pay", body);
    show({ name: "paid", payments: answer.payments });
  } catch (fault) {
    screen = { ...screen, busy: false, error: says({ code: fault.code, says: fault.message }) };
    draw();
  }
  tell("money");
  return null;
}

function paid() {
  const [first] = screen.payments;
  const times = screen.payments.length > 1 ? `${screen.payments.length} × ` : "";
  return h("div.done", { "data-testid": "bank-paid" }, h("span.tick", {}, icon("check", 44)), h("h2", {}, t("bank_paid")),
    h("div.big", {}, times + money(first.amount, first.currency)), h("p", {}, t("bank_paid_to", { name: first.payee })), h("p.mono", {}, first.id),
    h("button.primary", { "data-testid": "bank-done", onclick: () => { show({ name: "home" }); refresh(); showView("chat"); } }, t("bank_done")));
}

// ---- what the bank told the shop ----

async function openMessages() {
  show({ name: "messages", messages: [], open: new Set() });
  await refreshMessages();
}

async function refreshMessages() {
  const answer = await get("/bank/messages");
  screen.claims = (await get("/bank/claims")).claims;
  if (screen.name !== "messages" || JSON.stringify(answer.messages) === JSON.stringify(screen.messages)) return;
  screen.messages = answer.messages;
  draw();
}

function messages() {
  return [h("h3", {}, t("bank_sent")), drawEvening(), ...drawClaims(), screen.messages.length ? screen.messages.map(drawMessage) : h("p.hint", {}, t("bank_none_sent"))];
}

function drawEvening() {
  const end = async (body) => {
    const answer = await post("/bank/day-end", body);
    toast(answer.messages.length ? t("day_ended") : t("quiet_day"));
    await refreshMessages();
  };
  return h("div.actions", {}, h("button.plain.small", { "data-testid": "bank-day-end", onclick: () => end({}) }, t("day_end")),
    h("button.plain.small", { "data-testid": "bank-day-end-losing", onclick: () => end({ lose: true }) }, t("day_end_losing")));
}

const FILES = { camt054: "xml", camt053: "xml", pix_report: "csv" };

function drawMessage(message) {
  const done = message.delivered_at !== null;
  const last = message.attempts.at(-1);
  const send = async (how) => {
    const answer = await post(`/bank/messages/${message.id}/${how}`);
    toast(answer.status ? t("answered", { status: answer.status }) : t("no_answer"), answer.status && answer.status < 300 ? "" : "bad");
    await refreshMessages();
  };
  const body = h("details", { open: screen.open.has(message.id), ontoggle: (event) => { screen.open[event.target.open ? "add" : "delete"](message.id); } },
    h("summary", {}, h("b", {}, t(`kind_${message.kind}`)), h("time", {}, clockTime(message.created)),
      h(`em.chip.${done ? "good" : "wait"}`, {}, done ? t("delivered") : t("undelivered")),
      message.attempts.length > 1 && h("em.chip", {}, t("attempts", { n: message.attempts.length })),
      last && h("em.chip", {}, String(last.status ?? last.fault))),
    h("pre", { tabIndex: 0 }, ["pix", "case"].includes(message.kind) ? JSON.stringify(JSON.parse(message.body), null, 1) : message.body));
  return h("div.told", { "data-testid": "bank-message", "data-id": message.id, "data-kind": message.kind, "data-delivered": String(done) }, body,
    h("div.actions", {}, h("button.plain.small", { "data-testid": "bank-again", onclick: () => send("again") }, t("again")),
      h("button.plain.small", { "data-testid": "bank-forge", onclick: () => send("forge") }, t("forge")),
      FILES[message.kind] && h("a.plain.small", { href: `/bank/${message.kind}/${message.id}.${FILES[message.kind]}`, download: `${message.kind}-${message.id}.${FILES[message.kind]}` }, FILES[message.kind].toUpperCase())));
}

