"""Make digits.npz from the copy of the data set that scikit-learn carries.

Run once, in an environment with scikit-learn: ``python cnnlib/data/make_digits.py``.
The course itself never needs it.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

if __name__ == "__main__":
    found = load_digits()
    images, labels = found.images.astype(np.uint8), found.target.astype(np.uint8)
    np.savez_compressed(Path(__file__).with_name("digits.npz"), images=images, labels=labels)
