// The small bot, written with telegraf. Run: node bot_telegraf.cjs BASE TOKEN
const { Telegraf } = require("telegraf");

const [base, token] = process.argv.slice(2);
const bot = new Telegraf(token, { telegram: { apiRoot: base } });

bot.start((ctx) =>
  ctx.reply(`Welcome <b>${ctx.from.first_name}</b>, you came for ${ctx.payload}`, {
    parse_mode: "HTML",
    reply_markup: {
      inline_keyboard: [
        [
          { text: "Buy", callback_data: "buy" },
          { text: "Code", copy_text: { text: "PIX" } },
        ],
      ],
    },
  }),
);
bot.command("pay", (ctx) =>
  ctx.replyWithInvoice({
    title: "Box",
    description: "A box",
    payload: "order-7",
    provider_token: "",
    currency: "XTR",
    prices: [{ label: "Box", amount: 5 }],
  }),
);
bot.on("photo", async (ctx) => {
  const link = await ctx.telegram.getFileLink(ctx.message.photo.at(-1).file_id);
  const data = Buffer.from(await (await fetch(link)).arrayBuffer());
  await ctx.replyWithPhoto({ source: data, filename: "back.png" }, { caption: `${data.length} bytes` });
});
bot.on("successful_payment", (ctx) => ctx.reply(`Thanks for ${ctx.message.successful_payment.invoice_payload}`));
bot.on("text", (ctx) => (ctx.chat.type === "private" ? ctx.reply(`echo: ${ctx.message.text}`) : undefined));
bot.on("callback_query", async (ctx) => {
  await ctx.answerCbQuery("In the cart");
  await ctx.editMessageText("Bought");
});
bot.on("inline_query", (ctx) =>
  ctx.answerInlineQuery([
    {
      type: "article",
      id: "r1",
      title: `Find ${ctx.inlineQuery.query}`,
      input_message_content: { message_text: `<b>Card</b> ${ctx.inlineQuery.query}`, parse_mode: "HTML" },
    },
  ]),
);
bot.on("chosen_inline_result", (ctx) =>
  ctx.telegram.sendMessage(ctx.from.id, `chosen ${ctx.chosenInlineResult.result_id}`),
);
bot.on("pre_checkout_query", (ctx) => ctx.answerPreCheckoutQuery(true));
bot.launch();
