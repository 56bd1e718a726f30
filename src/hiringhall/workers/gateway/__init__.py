"""The model gateway: agents reach models through the hall, which has the keys and holds the caps.

`Gateway.app_for(brief)` is an ASGI app for one run, to be served over its `model.sock`.
"""

from hiringhall.workers.gateway.gateway import Gateway
from hiringhall.workers.gateway.models import ModelRules
from hiringhall.workers.gateway.prices import PriceTable, read_prices
from hiringhall.workers.gateway.providers import Endpoint, Provider
from hiringhall.workers.gateway.run import GatewayRun

__all__ = [
    "Endpoint",
    "Gateway",
    "GatewayRun",
    "ModelRules",
    "PriceTable",
    "Provider",
    "read_prices",
]
