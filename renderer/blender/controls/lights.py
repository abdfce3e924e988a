"""Controls of the lights: spot, sun, and the world's grey."""

import colorsys
from collections.abc import Mapping

from .control import Component, Handles, control
from .placing import look_at_origin, spherical


@control(
    "spot",
    theta=Component("rad", "lowers the spot from straight above towards the horizon", needed=True),
    phi=Component("rad", "moves the spot round the upright axis, from the world's +x towards +y", needed=True),
    hue=Component("turn", "changes the hue of the spot's light", needed=True),
    energy=Component("W", "brightens the spot's light", 0, 1e9),
)
def spot(handles: Handles, light: Mapping[str, float]) -> None:
    """Set the spot's position on its sphere, its HSV colour, used as linear RGB, and its power."""
    settings = handles.scene.spot
    look_at_origin(handles.spot, spherical(settings.radius, light["theta"], light["phi"]))
    handles.spot.data.color = colorsys.hsv_to_rgb(light["hue"], settings.saturation, settings.value)
    if "energy" in light:
        handles.spot.data.energy = light["energy"]


@control("sun", energy=Component("W/m2", "brightens the sun, which lights floor and object from above", 0, 1e6))
def sun(handles: Handles, light: Mapping[str, float]) -> None:
    """Set the sun's irradiance."""
    handles.sun.data.energy = light["energy"]


@control(
    "background",
    gray=Component("linear", "brightens the sky: light from all sides, and what is behind the floor", 0, 1000),
)
def background(handles: Handles, world: Mapping[str, float]) -> None:
    """Set the grey of the world, in linear RGB."""
    handles.background_color.default_value = (*[world["gray"]] * 3, 1.0)
