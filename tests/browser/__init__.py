"""The pages in a real browser: what people do, with a served hall behind it."""
