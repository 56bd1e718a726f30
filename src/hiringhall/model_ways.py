"""The ways to models as an operator has set them: the gateway, and what the hall itself asks."""

from hiringhall.blobs import Blobs
from hiringhall.domain.compute import Spender
from hiringhall.domain.errors import Invalid
from hiringhall.domain.teams import SecretName
from hiringhall.hall import Hall
from hiringhall.queries.teams import opened_secret
from hiringhall.sealing import CannotOpen
from hiringhall.settings import Settings, SettingsError
from hiringhall.workers.checking import Checker
from hiringhall.workers.gateway import Endpoint, Gateway, ModelRules, Provider, read_prices
from hiringhall.workers.gateway.gateway import TeamKey
from hiringhall.workers.gateway.providers import PUBLIC
from hiringhall.workers.gateway.refusals import Refused
from hiringhall.workers.masking import LiveSecrets
from hiringhall.workers.planning import Planner
from hiringhall.workers.runtimes.builtin_role import read_model


def gateway_of(settings: Settings, hall: Hall, secrets: LiveSecrets) -> Gateway:
    """The way to models: keys and addresses as they are set, prices, and who may call what."""
    given = {
        Provider.ANTHROPIC: (settings.anthropic_base_url, settings.anthropic_api_key),
        Provider.OPENAI: (settings.openai_base_url, settings.openai_api_key),
        Provider.GEMINI: (settings.gemini_base_url, settings.gemini_api_key),
    }
    endpoints = {
        provider: Endpoint(provider, base_url or PUBLIC[provider], key)
        for provider, (base_url, key) in given.items()
    }
    try:
        prices = read_prices(settings.model_prices)
    except Invalid as error:
        raise SettingsError(error.message) from error
    return Gateway(
        hall,
        endpoints=endpoints,
        prices=prices,
        models=ModelRules(settings.force_model, settings.models),
        hosted_tools=settings.hosted_tools,
        team_key=_team_keys(hall, secrets),
    )


def errands_of(
    settings: Settings, hall: Hall, blobs: Blobs, gateway: Gateway
) -> tuple[Checker, Planner]:
    """Who asks models for the hall itself, with a model where there is one."""
    model = None if settings.model is None else read_model(settings.model)
    planner = Planner(hall, gateway, model if settings.manager else None)
    return Checker(hall, blobs, gateway, model), planner


def _team_keys(hall: Hall, secrets: LiveSecrets) -> TeamKey:
    """The teams' own keys for models, opened for the call that they are needed for."""

    async def team_key(spender: Spender, provider: Provider) -> str | None:
        if provider is not Provider.ANTHROPIC:
            return None
        try:
            name = SecretName.ANTHROPIC_API_KEY
            key = await opened_secret(hall, team_id=spender.team_id, name=name)
        except CannotOpen as error:
            # The hall's own key would be taken instead, and its owner charged.
            raise Refused(500, f"The team's own key cannot be had: {error}") from error
        secrets.hold(key, organization_id=spender.organization_id)
        return key

    return team_key
