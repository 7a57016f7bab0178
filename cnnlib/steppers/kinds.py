"""The kinds of stepper: what each is given, and the example that it shows without it."""

from cnnlib import examples
from cnnlib.steppers.widget import Stepper


class ForwardStepper(Stepper):
    """Step the filter over Y: each cell of Z with each product of its sum.

    Parameters
    ----------
    Y : ndarray, shape (n_h, n_w, n_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    b : ndarray, shape (f_k,), optional
        Without Y and W, the example of the lessons.
    stride, padding, dilation
        As in `cnnlib.loops.conv_forward`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_forward`; also if a map is too large to be read.
    """

    kind = "forward"

    def __init__(self, Y=None, W=None, b=None, *, stride=1, padding=0, dilation=1):
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        super().__init__(_forward(Y, W, b), False, how)


class InfluenceStepper(ForwardStepper):
    """Step through Y: what each of its cells gives to the cells of Z. See `ForwardStepper`."""

    kind = "influence"


class ActivationStepper(Stepper):
    """Step through a layer and its activation, with what comes back through it.

    As `ForwardStepper`, and:

    Parameters
    ----------
    activation : {"relu", "leaky_relu", "sigmoid", "tanh"}
    dY : ndarray, shape of Z, optional
        Gradient of the loss with respect to the output of the activation. Left out, no
        gradient comes back; where the geometry changes, it is cut or repeated.

    Raises
    ------
    TypeError, ValueError
        As `ForwardStepper`; also for an unknown activation, or a dY of another size.
    """

    kind = "activation"

    def __init__(
        self,
        Y=None,
        W=None,
        b=None,
        *,
        activation="relu",
        dY=None,
        stride=1,
        padding=0,
        dilation=1,
    ):
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        super().__init__(_forward(Y, W, b), False, how, {"activation": activation, "dY": dY})

    @property
    def activation(self):
        """The name of the activation; set it to see another one."""
        return self._problem.extras["activation"]

    @activation.setter
    def activation(self, activation):
        self.change(activation=activation)

    @property
    def dY(self):
        """The gradient at the output of the activation, or None; set it to see another one."""
        return self._problem.dY

    @dY.setter
    def dY(self, dY):
        self.use(dY=dY)


class InputGradientStepper(Stepper):
    """Step the flipped filter over the zero-padded dZ: each cell of dY.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, f_k)
    W : ndarray, shape (f_h, f_w, n_k, f_k)
    input_size : (int, int)
        Without these three, the example of the lessons.
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_input`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_input`; also if a map is too large to be read.
    """

    kind = "input"
    _example = staticmethod(examples.one_map)

    def __init__(self, dZ=None, W=None, input_size=None, *, stride=1, padding=0, dilation=1):
        left_out = _left_out(dZ=dZ, W=W, input_size=input_size)
        if left_out:
            like = self._example()
            dZ, W, input_size = like.dZ, like.W, like.input_size
        given = {"dZ": dZ, "W": W, "input_size": input_size}
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        super().__init__(given, left_out, how)


class ScatterStepper(InputGradientStepper):
    """Step through dZ: what each of its cells gives to dY. See `InputGradientStepper`."""

    kind = "scatter"


class ThreeWaysStepper(InputGradientStepper):
    """Step the gather with the scatter and the matrix of the layer beside it, for one map.

    See `InputGradientStepper`; a term that is marked is marked in all three.
    """

    kind = "three"


class StrideStepper(InputGradientStepper):
    """Step through the stages of dY: spread, left-over rows, zeros around, correlate, crop.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, 1)
    W : ndarray, shape (f_h, f_w, 1, 1)
    input_size : (int, int)
        Without these three, an example with stride, padding and left-over rows.
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_input`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_input`; also for more than one map.
    """

    kind = "stride"
    _example = staticmethod(examples.strided)
    _questions = ()

    def __init__(self, dZ=None, W=None, input_size=None, **how):
        if dZ is W is input_size is None:
            how = self._example().how | how
        super().__init__(dZ, W, input_size, **how)


class FilterGradientStepper(Stepper):
    """Step dZ over Y: each weight of dW.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, f_k)
    Y : ndarray, shape (n_h, n_w, n_k)
    filter_size : (int, int)
        Without these three, the example of the lessons.
    stride, padding, dilation
        As in `cnnlib.loops.conv_backward_filter`.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.loops.conv_backward_filter`; also if a map is too large to be read.
    """

    kind = "filter"

    def __init__(self, dZ=None, Y=None, filter_size=None, *, stride=1, padding=0, dilation=1):
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        super().__init__(*_filter(dZ, Y, filter_size), how)


class NudgeStepper(Stepper):
    """Nudge one weight and see what each cell of Z, and the loss, gain.

    As `FilterGradientStepper`, and:

    Parameters
    ----------
    nudge : float
        How much the weight grows.
    """

    kind = "nudge"

    def __init__(
        self,
        dZ=None,
        Y=None,
        filter_size=None,
        *,
        nudge=1.0,
        stride=1,
        padding=0,
        dilation=1,
    ):
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        super().__init__(*_filter(dZ, Y, filter_size), how, {"amount": nudge})

    @property
    def nudge(self):
        """How much the weight grows; set it to see another nudge."""
        return self._problem.extras["amount"]

    @nudge.setter
    def nudge(self, nudge):
        self.change(amount=nudge)


class MaxPoolStepper(Stepper):
    """Step back through a max pool: each dZ goes to the largest cell of its window.

    Parameters
    ----------
    dZ : ndarray, shape (o_h, o_w, n_k)
    Y : ndarray, shape (n_h, n_w, n_k)
    size : int or (int, int)
        Without these three, an example with windows that overlap, and a tie.
    stride : int or (int, int), optional
        As in `cnnlib.layers.max_pool`: left out, the size of a window.

    Raises
    ------
    TypeError, ValueError
        As `cnnlib.layers.max_pool_backward`; also if a map is too large to be read.
    """

    kind = "pool"
    _questions = ("value", "index", "size")

    def __init__(self, dZ=None, Y=None, size=None, stride=None):
        left_out = _left_out(dZ=dZ, Y=Y, size=size)
        if left_out:
            like = examples.one_map()
            dZ, Y, size, stride = like.dZ, like.Y, 3, stride or 1
        super().__init__({"dZ": dZ, "Y": Y, "size": size}, left_out, {"stride": stride})


# --- what is given, or the example: then dZ is fitted to the geometry ----------------------


def _forward(Y, W, b):
    if _left_out(Y=Y, W=W):
        like = examples.one_map()
        Y, W, b = like.Y, like.W, like.b if b is None else b
    return {"Y": Y, "W": W, "b": b}


def _filter(dZ, Y, filter_size):
    left_out = _left_out(dZ=dZ, Y=Y, filter_size=filter_size)
    if left_out:
        like = examples.one_map()
        dZ, Y, filter_size = like.dZ, like.Y, like.filter_size
    return {"dZ": dZ, "Y": Y, "filter_size": filter_size}, left_out


def _left_out(**arguments):
    """Return whether all were left out; some without the others is an error."""
    missing = [name for name, given in arguments.items() if given is None]
    if missing and len(missing) < len(arguments):
        raise TypeError(f"pass {', '.join(arguments)} together or not at all: {missing[0]} is None")
    return bool(missing)
