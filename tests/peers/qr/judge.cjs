// Answers a JSON list of {judge, payload | order} on stdin with a JSON list of what each judge makes of it.
const fs = require('fs')
const path = require('path')

// Each is loaded when it is asked, for some take half a second.
const its = {
  get bip21() { return require('bip21') },
  get bolt11() { return require('bolt11') },
  get emv() { return require('steplix-emvqr') },
  get ethereum() { return require('eth-url-parser') },
  get khqr() { return require('bakong-khqr') },
  get paynow() { return require('paynowqr') },
  get pix() { return require('pix-utils') },
  get promptpay() { return require('promptpay-qr') },
  get sepa() { return require('sepa-payment-qr-code') },
  get thai() { return require('promptparse/generate') },
  get thaiSlip() { return require('promptparse/validate') },
  get upi() { return require('upiqr').default },
  get vietqr() { return require('vietnam-qr-pay') },
  // The texts of a bill are inside the library, behind what it draws.
  get swiss() { return require(path.join(__dirname, 'node_modules/swissqrbill/lib/cjs/shared/qr-code.cjs')) },
}

// {tag: value, tag: {tag: value}} without the library's own names.
const flat = (fields) => Object.fromEntries(Object.entries(fields).map(([tag, { data }]) => [tag, typeof data === 'string' ? data : flat(data)]))

const JUDGES = {
  pix: ({ payload }) => {
    const read = its.pix.parsePix(payload)
    if (its.pix.hasError(read)) return { refused: read.message }
    return { key: read.pixKey, amount: read.transactionAmount, txid: read.txid, name: read.merchantName, city: read.merchantCity }
  },
  emv: ({ payload }) => flat(its.emv.decode(payload)),
  sepa: ({ order }) => ({ payload: its.sepa(order) }),
  recurrence: ({ order }) => ({ payload: its.pix.createRecurrencePix(order).toBRCode() }),
  promptpay: ({ target, amount }) => ({ payload: its.promptpay(target, { amount }) }),
  thai: ({ kind, order }) => ({ payload: its.thai[kind](order) }),
  slip: ({ payload }) => its.thaiSlip.slipVerify(payload),
  paynow: ({ order }) => ({ payload: new its.paynow(order).output() }),
  vietqr: ({ order }) => ({ payload: its.vietqr.QRPay.initVietQR(order).build() }),
  vietqrRead: ({ payload }) => {
    const read = new its.vietqr.QRPay(payload)
    return { valid: read.isValid, bank: read.consumer.bankBin, account: read.consumer.bankNumber, amount: read.amount, purpose: read.additionalData.purpose }
  },
  khqr: ({ order }) => {
    const { data } = new its.khqr.BakongKHQR().generateIndividual(
      new its.khqr.IndividualInfo(order.account, order.name, order.city, { ...order, currency: its.khqr.khqrData.currency[order.currency] }))
    return { payload: data.qr, md5: data.md5 }
  },
  // Every code in the operator's own tests, with what its own verifier says of it today.
  khqrCorpus: () => {
    const codes = new Set()
    const walk = (folder) => fs.readdirSync(folder, { withFileTypes: true }).forEach((entry) => {
      const name = path.join(folder, entry.name)
      if (entry.isDirectory()) return walk(name)
      for (const [, code] of fs.readFileSync(name, 'utf8').matchAll(/data:\s*"(0002[^"]+)"/g)) codes.add(code)
    })
    walk(path.join(__dirname, 'node_modules/bakong-khqr/test'))
    return [...codes].map((payload) => ({ payload, valid: its.khqr.BakongKHQR.verify(payload).isValid }))
  },
  upi: async ({ order }) => ({ payload: (await its.upi(order)).intent }),
  swiss: ({ order }) => ({ payload: its.swiss.generateQRData(order) }),
  bip21: ({ payload }) => its.bip21.decode(payload),
  ethereum: ({ payload }) => its.ethereum.parse(payload),
  bolt11: ({ payload }) => {
    const read = its.bolt11.decode(payload)
    return { node: read.payeeNodeKey, millisatoshi: read.millisatoshis, made: read.timestamp, tags: read.tagsObject }
  },
  bolt11Sign: ({ order, key }) => ({ payload: its.bolt11.sign(its.bolt11.encode(order), key).paymentRequest }),
}

const answer = async (question) => {
  try {
    return await JUDGES[question.judge](question)
  } catch (error) {
    return { refused: String(error) }
  }
}

Promise.all(JSON.parse(fs.readFileSync(0, 'utf8')).map(answer)).then((answers) => console.log(JSON.stringify(answers)))
