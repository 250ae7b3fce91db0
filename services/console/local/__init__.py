"""The local run: a real Kafka, a real Postgres and the four services as processes, with no container engine."""
