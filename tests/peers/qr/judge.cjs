// Answers a JSON list of {judge, payload | order} on stdin with a JSON list of what each judge makes of it.
const emv = require('steplix-emvqr')
const pix = require('pix-utils')
const sepa = require('sepa-payment-qr-code')

// {tag: value, tag: {tag: value}} without the library's own names.
const flat = (fields) => Object.fromEntries(Object.entries(fields).map(([tag, { data }]) => [tag, typeof data === 'string' ? data : flat(data)]))

const JUDGES = {
  pix: ({ payload }) => {
    const read = pix.parsePix(payload)
    if (pix.hasError(read)) return { refused: read.message }
    return { key: read.pixKey, amount: read.transactionAmount, txid: read.txid, name: read.merchantName, city: read.merchantCity }
  },
  emv: ({ payload }) => flat(emv.decode(payload)),
  sepa: ({ order }) => ({ payload: sepa(order) }),
}

const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(asked.map((question) => {
  try {
    return JUDGES[question.judge](question)
  } catch (error) {
    return { refused: String(error) }
  }
})))
