"""The outside world for a bot without a token: Telegram, the people in it, and a bank. See README.md."""
