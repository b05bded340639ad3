"""The core: who may ask, who is meant, what is known of them; it knows no wire format and no adapter."""
