"""How the hall looks to people: one layout, its styles and scripts, its words; no page of its own.

Doors that show something to a person take it from here: all the pages, and the page of Agentix's
registration.
"""

from hiringhall.doors.look.assets import ASSETS, lacks_script
from hiringhall.doors.look.rendering import HEADERS, HTML, render
from hiringhall.doors.look.words import word

__all__ = ["ASSETS", "HEADERS", "HTML", "lacks_script", "render", "word"]
