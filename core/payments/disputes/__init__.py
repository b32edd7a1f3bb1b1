"""Cases: complaints in the chat and money that banks take back."""
