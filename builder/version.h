/* The version of Skiff: what `skiff --version` prints and an image records. */
#pragma once

#define SKIFF_VERSION "0.1.0"
