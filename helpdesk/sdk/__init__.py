"""What a plugin may import, one page a kind; nothing here imports the rest of the desk."""
