//! Settled days in SQLite or PostgreSQL, by day and settlement id.
