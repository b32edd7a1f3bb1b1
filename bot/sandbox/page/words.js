// The page's own words in English and Chinese. They follow the language of the person one is.

const WORDS = {
  people: ["People", "人物"],
  chats: ["Chats", "聊天"],
  chat: ["Chat", "聊天"],
  bank: ["Bank", "银行"],
  be: ["Be {name}", "扮演{name}"],
  unread: ["{n} unread", "{n} 条未读"],
  role_shopper: ["Shopper", "买家"],
  "role_second shopper": ["Shopper", "买家"],
  role_seller: ["Seller", "卖家"],
  role_admin: ["Admin", "管理员"],
  language: ["Language", "语言"],
  add_person: ["Add a person", "添加人物"],
  name: ["Name", "名字"],
  add: ["Add", "添加"],
  cancel: ["Cancel", "取消"],
  ok: ["OK", "好"],
  close: ["Close", "关闭"],
  mini_app: ["mini app", "小程序"],
  app_data: ["The mini app sent data to the bot", "小程序向机器人发送了数据"],
  bot: ["bot", "机器人"],
  members: ["{n} members", "{n} 位成员"],
  typing: ["typing…", "正在输入…"],
  sending_photo: ["sending a photo…", "正在发送图片…"],
  sending_file: ["sending a file…", "正在发送文件…"],
  message: ["Message", "输入消息"],
  message_group: ["Message, or @{bot} to share a product", "输入消息，或用 @{bot} 分享商品"],
  send: ["Send", "发送"],
  attach: ["Attach a photo or file", "添加图片或文件"],
  attach_title: ["Send this?", "发送这个文件？"],
  as_photo: ["as a photo", "作为图片"],
  as_file: ["as a file", "作为文件"],
  caption: ["Add a caption", "添加说明"],
  drop: ["Drop a photo here", "把图片拖到这里"],
  menu: ["Menu", "菜单"],
  start: ["START", "开始"],
  welcome: ["Say hello to {bot}", "和 {bot} 打个招呼"],
  welcome_more: ["A shop inside a chat. Nothing here is real: no money, no phone, no network.",
    "聊天里的商店。这里的一切都是演示：没有真钱、没有手机、不连网络。"],
  edited: ["edited", "已编辑"],
  via: ["via @{bot}", "来自 @{bot}"],
  reply: ["Reply", "回复"],
  replying: ["Reply to {name}", "回复 {name}"],
  forwarded: ["Forwarded from {name}", "转发自 {name}"],
  deleted_message: ["Deleted message", "已删除的消息"],
  copied: ["Copied", "已复制"],
  scan: ["Scan", "扫码"],
  scan_title: ["Pay with my bank app", "用我的银行应用付款"],
  photo: ["Photo", "图片"],
  file: ["File", "文件"],
  no_messages: ["No messages yet", "还没有消息"],
  today: ["Today", "今天"],
  yesterday: ["Yesterday", "昨天"],
  latest: ["Go to the latest message", "跳到最新消息"],
  searching: ["Asking @{bot}…", "正在询问 @{bot}…"],
  nothing_found: ["Nothing found", "没有结果"],
  bot_silent: ["The bot did not answer", "机器人没有回应"],
  open_link: ["Open this link?", "打开这个链接？"],
  open: ["Open", "打开"],
  choose_chat: ["Choose a chat", "选择聊天"],
  pay: ["Pay", "付款"],
  paid: ["Paid", "已付款"],
  pay_refused: ["The payment was refused: {why}", "付款被拒绝：{why}"],
  pay_timeout: ["The shop did not answer in time", "商家未及时回应"],
  blocked: ["The bot is blocked", "机器人已被屏蔽"],
  failed: ["That did not work: {why}", "操作失败：{why}"],
  connected: ["Bot connected", "机器人已连接"],
  waiting_bot: ["Waiting for the bot", "等待机器人连接"],
  lost: ["Connection lost, trying again…", "连接中断，正在重试…"],
  skip: ["Skip time", "快进时间"],
  skip_300: ["+5 min", "+5 分钟"],
  skip_1200: ["+20 min", "+20 分钟"],
  skip_3600: ["+1 h", "+1 小时"],
  skip_86400: ["+1 day", "+1 天"],
  skip_2592000: ["+30 days", "+30 天"],
  skipped: ["The clock was moved", "时间已快进"],
  no_skip: ["The clock cannot be moved here", "这里不能快进时间"],
  shared_contact: ["Share my contact", "分享我的联系方式"],

  bank_name: ["Pocket Bank", "口袋银行"],
  bank_hello: ["Hello, {name}", "你好，{name}"],
  bank_scan: ["Scan picture", "扫描图片"],
  bank_paste: ["Paste code", "粘贴付款码"],
  bank_paste_title: ["Paste a payment code", "粘贴付款码"],
  bank_paste_hint: ["The text beside the QR code", "二维码旁边的文字"],
  bank_read: ["Read", "识别"],
  bank_entries: ["Entries", "账目"],
  bank_no_entries: ["Nothing yet", "暂无账目"],
  bank_reading: ["Reading the picture…", "正在识别图片…"],
  bank_review: ["Check before you pay", "付款前请核对"],
  bank_payee: ["Payee", "收款人"],
  bank_iban: ["IBAN", "IBAN"],
  bank_pix_key: ["Pix key", "Pix 密钥"],
  bank_ref: ["Reference", "付款参考号"],
  bank_text: ["Note", "附言"],
  bank_amount: ["Amount", "金额"],
  bank_confirmed: ["Name confirmed by the bank", "银行已确认户名"],
  bank_how: ["How do you want to pay?", "你想怎么付？"],
  mode_right: ["As asked", "按要求付"],
  mode_wrong_amount: ["Another amount", "付别的金额"],
  mode_twice: ["Twice", "付两次"],
  mode_late: ["Too late", "逾期再付"],
  mode_no_reference: ["No reference", "不带参考号"],
  late_wait: ["First let time pass", "先让时间过去"],
  bank_pay: ["Pay {amount}", "支付 {amount}"],
  bank_pay_twice: ["Pay 2 × {amount}", "支付 2 × {amount}"],
  bank_dont: ["Don’t pay", "不付款"],
  bank_paid: ["Paid", "付款成功"],
  bank_paid_to: ["to {name}", "收款人：{name}"],
  bank_done: ["Done", "完成"],
  bank_messages: ["Bank messages", "银行消息"],
  dispute: ["Dispute", "提出争议"],
  dispute_hint: ["Tell the bank that this payment is to come back", "要求银行追回这笔付款"],
  disputed: ["The bank is taking it back", "银行正在追回"],
  case_open: ["Disputed: {amount}, case {case}", "争议中：{amount}，案号 {case}"],
  shop_wins: ["The shop wins", "判商家胜"],
  shop_loses: ["The shop loses", "判商家败"],
  case_won: ["Decided for the shop", "已判商家胜"],
  case_lost: ["Decided for the customer", "已判客户胜"],
  entry_claim_back: ["Disputed payment came back", "争议款已追回"],
  entry_claim_lost: ["Disputed payment went to the shop again", "争议款已退给商家"],
  kind_case: ["Dispute", "争议通知"],
  bank_sent: ["What the bank told the shop", "银行发给商家的消息"],
  bank_none_sent: ["Nothing yet. A payment is told by a signed message.", "暂无消息。付款后银行会发出签名消息。"],
  kind_pix: ["Pix webhook", "Pix 回调"],
  kind_camt054: ["camt.054 file", "camt.054 文件"],
  kind_camt053: ["camt.053 statement", "camt.053 对账单"],
  kind_pix_report: ["Pix settlement report", "Pix 结算报表"],
  day_end: ["End of day", "日终结算"],
  day_end_losing: ["End of day, losing a line", "日终结算（漏掉一行）"],
  day_ended: ["The day’s reports are on their way", "当日报表已发出"],
  quiet_day: ["Nothing was booked since the last one", "自上次以来没有新记账"],
  delivered: ["taken", "已接收"],
  undelivered: ["waiting", "等待送达"],
  attempts: ["{n}×", "{n} 次"],
  again: ["Send again", "再发一次"],
  forge: ["Forge", "伪造签名"],
  answered: ["The shop answered {status}", "商家回应 {status}"],
  no_answer: ["The shop cannot be reached", "无法连接商家"],
  entry_pocket_money: ["Pocket money", "零用钱"],
  entry_refund: ["Refund from {name}", "来自 {name} 的退款"],
  entry_in: ["From {name}", "来自 {name}"],
  entry_out: ["To {name}", "付给 {name}"],

  p_no_code: ["There is no code in this picture that could be read.", "图片里没有能识别的码。"],
  p_not_a_picture: ["This is not a picture the bank can open.", "银行无法打开这张图片。"],
  p_unknown_scheme: ["This is not a payment code that this bank knows.", "这不是本行认识的付款码。"],
  p_crc: ["The checksum is wrong: the code is damaged or was altered.", "校验码错误：付款码损坏或被改动过。"],
  p_iban: ["The check digits of the IBAN are wrong.", "IBAN 校验位错误。"],
  p_reference: ["The check digits of the reference are wrong.", "参考号校验位错误。"],
  p_unknown_payee: ["This bank does not know that account and cannot confirm the name.", "本行不认识该账户，无法确认户名。"],
  p_amount_open: ["The code names no amount: type it.", "付款码没有金额，请输入。"],
  p_other: ["The code is not in order ({code}).", "付款码有误（{code}）。"],
  p_structure: ["The code is cut or garbled.", "付款码不完整或已损坏。"],
  p_crc_missing: ["The checksum is not at the end.", "付款码末尾没有校验码。"],
  p_key: ["The Pix key is of no known form, or its digits are wrong.", "Pix 密钥格式不对或校验位错误。"],
  p_amount: ["The amount in the code is not valid.", "付款码里的金额无效。"],
  p_dynamic: ["A dynamic Pix code needs a network; this bank reads static ones.", "动态 Pix 码需要联网；本行只识别静态码。"],
  p_name_differs: ["The account belongs to {holder}, not to {payee}.", "该账户属于 {holder}，而不是 {payee}。"],
  p_several_codes: ["The picture shows {n} different codes: one may have been stuck over another.", "图片里有 {n} 个不同的码：可能有人贴上了另一个码。"],
  p_account_closed: ["The account of the payee is closed.", "收款账户已关闭。"],
  p_own_account: ["This is your own account.", "这是你自己的账户。"],
  p_no_reference: ["The code has no reference: the payee may not find your order.", "没有参考号，商家可能找不到你的订单。"],
  p_insufficient_funds: ["There is not enough money on the account.", "账户余额不足。"],
  p_amount_invalid: ["The amount must be positive, with at most two decimals.", "金额必须为正数，最多两位小数。"],
  p_amount_missing: ["Say which amount to pay.", "请输入付款金额。"],
  p_unknown_key: ["The Pix directory does not know this key.", "Pix 目录里没有这个密钥。"],
};

let language = "en";

/** "zh-hans" and other kinds of Chinese read Chinese, everybody else English. */
export function setLanguage(code) {
  language = code || "en";
  document.documentElement.lang = language;
}

export const locale = () => (language.startsWith("zh") ? "zh-CN" : language);

export function t(key, values = {}) {
  const words = WORDS[key];
  if (!words) return key;
  return words[language.startsWith("zh") ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const hasWord = (key) => key in WORDS;

/** "110.00", "BRL" → "R$110.00", in the reader's way, always with ISO digits. */
export function money(amount, currency) {
  return new Intl.NumberFormat(locale(), { style: "currency", currency, numberingSystem: "latn" }).format(Number(amount));
}

export function clockTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", hour12: false, numberingSystem: "latn" });
}

export function dayName(seconds, now) {
  const days = Math.round((new Date(now * 1000).setHours(0, 0, 0, 0) - new Date(seconds * 1000).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return new Date(seconds * 1000).toLocaleDateString(locale(), { day: "numeric", month: "long", year: "numeric", numberingSystem: "latn" });
}

export const LANGUAGES = { en: "English", "zh-hans": "中文", "pt-br": "Português", de: "Deutsch", es: "Español", fr: "Français", ja: "日本語", th: "ไทย", ar: "العربية" };
