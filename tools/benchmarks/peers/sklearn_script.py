"""scikit-learn's MLPClassifier on the same training images; it does not validate."""

from __future__ import annotations

import pickle
import time
import warnings

import common
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
args = common.arguments()
if args.network != "mlp":
    raise SystemExit("scikit-learn has no such network")
data = common.mnist(args.data)
x_train, x_test = (data[name].reshape(-1, 784).astype("float32") / 255 for name in ("x_train", "x_test"))
cut = int(len(x_train) * 0.8)
model = MLPClassifier((128, 128), batch_size=args.batch, max_iter=args.epochs, random_state=args.seed, alpha=0.0)
start = time.perf_counter()
model.fit(x_train[:cut], data["y_train"][:cut])
fit = time.perf_counter() - start
accuracy = float(model.score(x_test, data["y_test"]))
with (args.folder / "model.pkl").open("wb") as file:
    pickle.dump(model, file)
common.report([fit / args.epochs] * args.epochs, fit, accuracy)
