"""The tests of Hiringhall, and the support that the benchmarks share with them."""
