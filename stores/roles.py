"""What the roles may do with the store: everybody sees it, an operator switches it, an administrator changes what is in
it."""

from opsadmin.core.roles import Role, declare

declare(
    Role.VIEWER,
    *(
        f"stores.view_{model}"
        for model in (
            "automationstate",
            "historyentry",
            "historyreplay",
            "jsondocument",
            "lastknownpage",
            "revision",
            "statehistory",
            "storeconflict",
            "storehost",
            "storeswitch",
        )
    ),
)
declare(Role.OPERATOR, "stores.switch_store")
declare(Role.ADMINISTRATOR, "stores.*")
