"""Seconds until `python app.py` answers its page, beside an empty Gradio app, and the memory of both at rest.

python -m benchmarks.start [--output DIR] [--quick]

In turns, each time a new process. The first round only warms the disk's cache and is not counted.
"""

import time

import httpx

from benchmarks import measuring
from benchmarks.app_process import OURS, serving

EMPTY = ("-c", "import gradio\nwith gradio.Blocks() as page:\n    pass\npage.launch()")
CONTENDERS = {"python app.py": OURS, "an empty Gradio app": EMPTY}
ROUNDS, QUICK_ROUNDS = 10, 2
REST = 2  # seconds after which an app is taken to be at rest


def main() -> None:
    options = measuring.flags(__doc__).parse_args()
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    seconds = {name: [] for name in CONTENDERS}
    memory = {name: [] for name in CONTENDERS}
    ready = []  # seconds until the model is loaded too
    for turn in range(rounds + 1):
        for name, arguments in CONTENDERS.items():
            start = time.perf_counter()
            with serving(*arguments) as app:
                if arguments is OURS:
                    httpx.post(f"{app.url}canvas/model", json={}, timeout=60, trust_env=False).raise_for_status()
                    ready += [time.perf_counter() - start] * bool(turn)
                if turn:
                    time.sleep(REST)
                    seconds[name].append(app.seconds)
                    memory[name].append(app.memory())
    results = {
        name: {**measuring.summary(seconds[name]), "memory_mb": round(sorted(memory[name])[rounds // 2], 1)}
        for name in CONTENDERS
    }
    results["python app.py"]["model_loaded"] = measuring.summary(ready)
    rows = [(name, row["median_ms"], row["p95_ms"], row["n"], row["memory_mb"]) for name, row in results.items()]
    measuring.table(("page answers", "median ms", "p95 ms", "n", "memory at rest MB"), rows)
    loaded = results["python app.py"]["model_loaded"]
    print(f"the model is loaded after {loaded['median_ms']:,.0f} ms (p95 {loaded['p95_ms']:,.0f} ms)")

    def draw(axes) -> None:
        axes.boxplot(list(seconds.values()), tick_labels=list(seconds), orientation="horizontal", widths=0.5)
        axes.set(title="Start: seconds until the page answers", xlabel="seconds", xlim=(0, None))

    measuring.report(options, "start", results, draw)


if __name__ == "__main__":
    main()
