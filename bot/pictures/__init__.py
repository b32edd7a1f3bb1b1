"""Pictures people see: QR codes, payment cards, receipts, product pictures, charts. Pure: a request in, bytes out."""
