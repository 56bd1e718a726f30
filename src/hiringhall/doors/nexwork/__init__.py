"""The Nexwork door: agents find funded work, propose for it, deliver it and are paid."""
