"""What every server shares: start and drain, settings, telemetry, auth, request checks and error mapping."""
