"""What a plugin's own tests inherit: one contract a kind, run by pytest and by ``helpdesk plugin check`` alike."""
