"""A whole reply, a streamed one and an unknown model with a client of /v1, as one object of JSON.

chat_clients.py langchain|openai <base URL> <model>; the key is in OPENAI_API_KEY.
"""

import json
import sys

client, base, model = sys.argv[1:]
whole, streamed = "What is a river?", "What is a mill?"


def failure(ask):
    try:
        ask()
    except Exception as error:  # its class is what is looked at
        return f"{type(error).__name__} {error}"
    return "nothing was raised"


def with_langchain():
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(model=model, base_url=base, max_retries=0, stream_usage=True)
    reply = chat.invoke([("system", "You are brief."), ("human", whole)])
    chunks = list(chat.stream([("human", streamed)]))
    unknown = ChatOpenAI(model="no-such-model", base_url=base, max_retries=0)
    return {
        "whole": reply.content,
        "reason": reply.response_metadata["finish_reason"],
        "tokens": reply.usage_metadata["total_tokens"],
        "pieces": [chunk.content for chunk in chunks if chunk.content],
        "stream_tokens": sum(chunk.usage_metadata["total_tokens"] for chunk in chunks if chunk.usage_metadata),
        "unknown": failure(lambda: unknown.invoke("Hello")),
    }


def with_openai():
    from openai import OpenAI

    chat = OpenAI(base_url=base, max_retries=0).chat.completions
    reply = chat.create(
        model=model,
        messages=[{"role": "system", "content": "You are brief."}, {"role": "user", "content": whole}],
    )
    chunks = list(
        chat.create(
            model=model,
            messages=[{"role": "user", "content": streamed}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    return {
        "whole": reply.choices[0].message.content,
        "reason": reply.choices[0].finish_reason,
        "tokens": reply.usage.total_tokens,
        "pieces": [piece for piece in pieces if piece],
        "stream_tokens": chunks[-1].usage.total_tokens,
        "unknown": failure(lambda: chat.create(model="no-such-model", messages=[{"role": "user", "content": "x"}])),
    }


print(json.dumps({"langchain": with_langchain, "openai": with_openai}[client]()))
