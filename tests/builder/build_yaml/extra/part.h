#pragma once

int part(void);
