"""Whether a namespace's network policies keep the hall's Pods from every network."""

from collections.abc import Mapping
from typing import Any

import msgspec


class _Selector(msgspec.Struct):
    matchLabels: dict[str, str] = {}  # noqa: N815  Kubernetes' own names
    matchExpressions: list[Any] = []  # noqa: N815

    def may_mean(self, labels: Mapping[str, str]) -> bool:
        """Whether a Pod with these labels, and perhaps others, may be selected."""
        return all(labels.get(name, value) == value for name, value in self.matchLabels.items())

    def means(self, labels: Mapping[str, str]) -> bool:
        """Whether it certainly is."""
        return not self.matchExpressions and self.matchLabels.items() <= labels.items()


class _Policy(msgspec.Struct):
    podSelector: _Selector = msgspec.field(default_factory=_Selector)  # noqa: N815
    policyTypes: list[str] = []  # noqa: N815
    ingress: list[Any] | None = None
    egress: list[Any] | None = None

    @property
    def is_closed(self) -> bool:
        return {"Ingress", "Egress"} <= set(self.policyTypes) and not (self.ingress or self.egress)


class _Item(msgspec.Struct):
    spec: _Policy = msgspec.field(default_factory=_Policy)


class _List(msgspec.Struct):
    items: list[_Item] = []


def lets_nothing_through(answer: Any, labels: Mapping[str, str]) -> bool:
    """Whether Pods with these labels have no way in or out.

    Policies add up: one that opens something undoes one that opens nothing, so there may be none
    that perhaps means these Pods. One that cannot be read counts as that.
    """
    try:
        policies = [item.spec for item in msgspec.convert(answer, _List).items]
    except msgspec.ValidationError:
        return False
    closed = any(policy.is_closed and policy.podSelector.means(labels) for policy in policies)
    opened = any(
        (policy.ingress or policy.egress) and policy.podSelector.may_mean(labels)
        for policy in policies
    )
    return closed and not opened
