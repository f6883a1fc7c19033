"""Simulated phones, simulated provider servers and virtual devices.

Everything here speaks the providers' own wire formats over real HTTP and keeps its own state in the
PostgreSQL schema `simulator`. It never reads or writes the gateway's tables.

    africastalking, airtel, mtn, pawapay, safaricom   the providers' HTTP APIs
    mobile_money                                      wallets and payment prompts, shared by all
    devices                                           meters and solar kits that accept tokens
    callback_queue, callback_sender                   requests that providers send to the gateway
    fault_injection                                   providers that misbehave on demand
    phone_api, phone_page, static                     the phone in the browser
    terminal                                          the phone in a terminal
"""
