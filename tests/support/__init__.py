"""What tests, benchmarks and chaos runs share: servers, databases, halls."""
