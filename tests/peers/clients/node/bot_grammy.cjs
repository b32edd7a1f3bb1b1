// The small bot, written with grammY. Run: node bot_grammy.cjs BASE TOKEN
const { Bot, InlineKeyboard, InputFile } = require("grammy");

const [base, token] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot: base } });

bot.command("start", (ctx) =>
  ctx.reply(`Welcome <b>${ctx.from.first_name}</b>, you came for ${ctx.match}`, {
    parse_mode: "HTML",
    reply_markup: new InlineKeyboard().text("Buy", "buy").copyText("Code", "PIX"),
  }),
);
bot.command("pay", (ctx) => ctx.replyWithInvoice("Box", "A box", "order-7", "XTR", [{ label: "Box", amount: 5 }]));
bot.on("message:photo", async (ctx) => {
  const file = await ctx.getFile();
  const answer = await fetch(`${base}/file/bot${token}/${file.file_path}`);
  const data = Buffer.from(await answer.arrayBuffer());
  await ctx.replyWithPhoto(new InputFile(data, "back.png"), { caption: `${data.length} bytes` });
});
bot.on("message:successful_payment", (ctx) =>
  ctx.reply(`Thanks for ${ctx.message.successful_payment.invoice_payload}`),
);
bot.chatType("private").on("message:text", (ctx) => ctx.reply(`echo: ${ctx.message.text}`));
bot.on("callback_query:data", async (ctx) => {
  await ctx.answerCallbackQuery("In the cart");
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
bot.on("chosen_inline_result", (ctx) => ctx.api.sendMessage(ctx.from.id, `chosen ${ctx.chosenInlineResult.result_id}`));
bot.on("pre_checkout_query", (ctx) => ctx.answerPreCheckoutQuery(true));
bot.start();
