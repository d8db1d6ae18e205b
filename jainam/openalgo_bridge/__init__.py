"""jainam as a broker of OpenAlgo: its folders, its names, its dicts, and behind them the flows of this library.

OpenAlgo looks for brokers in its own tree and imports `broker.<name>.<folder>.<module>` when somebody trades. The
installer writes those modules as shims: each holds these two statements and nothing else, whatever its folder::

    from jainam.openalgo_bridge import shim

    shim.fill(globals(), profile="jainam_prop")

*profile* is a broker id of `jainam.adapters.xts.profiles.PROFILES`; the broker's name in OpenAlgo and the module that
is meant are read off the shim's own `__name__`. So another XTS broker is another folder with another *profile*, and
several stand beside each other. The modules that can be had this way, for a broker called ``<name>``, are

    api.auth_api, api.order_api, api.data, api.funds, api.margin_api, api.baseurl,
    mapping.order_data, mapping.transform_data, mapping.margin_data,
    database.master_contract_db, streaming.<name>_adapter

and every `__init__.py` in between is empty. Importing any of them needs no variable, network, display or OpenAlgo.

Where to read on: `shim` (how a module gets its broker), `wiring` (one desk per broker and process), `host` (what is
asked of OpenAlgo), `requests` and `replies` (its dicts in, its dicts out).
"""
