#include "core/obstacle.h"

static const struct {
    const char *words, *cure, *finding;
} obstacles[] = {
    [OBSTACLE_NONE] = {"", "", ""},
    [OBSTACLE_NO_COMMANDS] = {"its gateway takes no commands", "", "its gateway takes no commands"},
    [OBSTACLE_UNKNOWN] = {"its gateway has not said yet whether it takes commands", "",
                          "the DTU's list of inverters that take commands lacks it"},
    [OBSTACLE_DISABLED] =
        {"its gateway sends it no commands", "Enable that in the inverter's settings there",
         "the DTU sends it no commands: enable that in the inverter's settings there"},
    [OBSTACLE_LOGIN] =
        {"its gateway refuses the login", "Set Username and Password to those of its web page",
         "the DTU refuses the login, which commands need: set Username (admin, on an OpenDTU) and "
         "Password to those of its web page"},
    [OBSTACLE_OFF] = {"it is switched off by hand", "", "it is switched off by hand"},
    [OBSTACLE_POWER] = {"its gateway does not tell how much it can make", "Set MaxPower",
                        "the DTU does not tell what it can make: set MaxPower in its section"},
};

const char *obstacle_words(enum obstacle obstacle)
{
    return obstacles[obstacle].words;
}

const char *obstacle_cure(enum obstacle obstacle)
{
    return obstacles[obstacle].cure;
}

const char *obstacle_finding(enum obstacle obstacle)
{
    return obstacles[obstacle].finding;
}
