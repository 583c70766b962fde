#include "cli/support/safe.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_LEN_MAX = 48,
    TOKEN_MIN = 16,  /* with letters and digits */
    HEX_MIN = 10,    /* of hexadecimal digits alone: a MAC address has twelve */
    DIGITS_MAX = 16, /* a serial has twelve */
    VERSION_LEN_MAX = 32,
};

/* Each with a ',' behind it: they are few, and looked up for a report only. */
static const char members[] =
    /* OpenDTU */
    "inverters,AC,DC,INV,v,u,d,Power,Power DC,Voltage,Current,Frequency,PowerFactor,"
    "ReactivePower,ApparentPower,Efficiency,Temperature,Irradiation,YieldDay,YieldTotal,"
    "Voltage Ph1-N,Voltage Ph2-N,Voltage Ph3-N,Voltage Ph1-Ph2,Voltage Ph2-Ph3,Voltage Ph3-Ph1,"
    "Current Ph1,Current Ph2,Current Ph3,data_age,data_age_ms,order,poll_enabled,reachable,"
    "producing,limit_relative,limit_absolute,limit_set_status,max_power,events,radio_stats,"
    "tx_request,tx_re_request,rx_success,rx_fail_nothing,rx_fail_partial,rx_fail_corrupt,rssi,"
    "total,hints,time_sync,radio_problem,default_password,pin_mapping_issue,battery,solarcharger,"
    "huawei,power_meter,gridcharger,soc,heap_total,heap_used,cpufreq,uptime,cfgsavecount,"
    /* AhoyDTU */
    "generic,ts_now,ts_last_success,ts_uptime,ts_max_ac_pwr,ts_max_temp,wifi_rssi,esp_type,"
    "ch0_fld_names,fld_names,ch0_fld_units,fld_units,refresh,refresh_interval,iv,inverter,ch,"
    "ch_max_pwr,max_pwr,max_total_pwr,power_limit_read,power_limit_ack,alarm_cnt,last_alarm,"
    "generation,status,enabled,interval,max_num_inverters,channels,version,ram_free,ram_size,ram_total,fs_free,"
    "fs_size,menu_prot,menu_mask,nrf_configured,"
    /* Shelly */
    "switch,em,em1,emdata,em1data,pm1,cover,meters,emeters,relays,inputs,input,counters,apower,"
    "aprt_power,act_power,voltage,current,pf,freq,power,reactive,aenergy,ret_aenergy,by_minute,"
    "minute_ts,total_returned,total_act,total_act_ret,total_act_energy,total_act_ret_energy,"
    "total_act_power,total_aprt_power,total_current,total_power,a_voltage,a_current,a_act_power,"
    "a_aprt_power,a_pf,a_freq,a_total_act_energy,a_total_act_ret_energy,b_voltage,b_current,"
    "b_act_power,b_aprt_power,b_pf,b_freq,b_total_act_energy,b_total_act_ret_energy,c_voltage,"
    "c_current,c_act_power,c_aprt_power,c_pf,c_freq,c_total_act_energy,c_total_act_ret_energy,"
    "n_current,overpower,overtemperature,is_valid,temperature,tC,tF,tmp,ison,has_timer,"
    "timer_started,timer_duration,timer_remaining,output,event_cnt,errors,"
    /* Tasmota */
    "StatusSNS,ENERGY,Total,Today,Yesterday,Factor,"
    /* Fronius */
    "Body,Data,Values,PAC,UAC,IAC,FAC,UDC,IDC,DAY_ENERGY,YEAR_ENERGY,TOTAL_ENERGY,Site,P_PV,"
    "P_Grid,P_Load,P_Akku,E_Day,E_Year,E_Total,PowerReal_P_Sum,Code,"
    /* others */
    "energy,import,export,grid,pv,p1,p2,e1,e2,te1,te2,";

static const char words[] =
    ",W,kW,Wh,kWh,V,A,mA,Hz,%,C,F,var,VAr,VA,dBm,s,ms,U_AC,I_AC,P_AC,"
    "F_AC,PF_AC,Q_AC,Temp,U_DC,I_DC,P_DC,YieldDay,YieldTotal,Efficiency,Irradiation,MaxPower,"
    "MaxTemp,AC,DC,on,off,true,false,yes,no,ok,none,null,pending,failure,unknown,success,error,"
    "idle,init,input,switch,schedule,normal,open,closed,running,standby,ESP8266,ESP32,ESP32-S2,"
    "ESP32-S3,ESP32-C3,ESP32-C6,";

/* In whatever case. */
static bool is_one_of(const char *list, const char *text, size_t len)
{
    for (size_t n; *list; list += n + 1) {
        n = strcspn(list, ",");
        if (n == len && strncasecmp(list, text, len) == 0)
            return true;
    }
    return false;
}

bool safe_member(const char *name, size_t len)
{
    const char *colon = memchr(name, ':', len);

    /* "switch:0" */
    if (colon && colon > name &&
        strspn(colon + 1, "0123456789") >= len - (size_t)(colon - name) - 1)
        len = (size_t)(colon - name);
    return is_one_of(members, name, len);
}

/* ---- By their form -------------------------------------------------------------------------- */

static size_t count_of(const char *text, size_t len, const char *set)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] && strchr(set, text[i]);
    return count;
}

static const char digits[] = "0123456789", hex_digits[] = "0123456789abcdefABCDEF";

bool safe_is_number(const char *text, size_t len)
{
    return len && count_of(text, len, "+-.0123456789eE") == len && count_of(text, len, digits);
}

/* "192.168.1.5", "24.2.12", "v1.11": of groups of up to three digits; with one dot it may be a latitude. */
static bool is_dotted(const char *text, size_t len)
{
    size_t group = 0, dots = 0, version = len && (*text == 'v' || *text == 'V');

    text += version;
    len -= version;
    for (size_t i = 0; i < len; i++) {
        bool digit = isdigit((unsigned char)text[i]) != 0;
        if (!digit && (text[i] != '.' || !group))
            return false;
        dots += !digit;
        group = digit ? group + 1 : 0;
        if (group > 3)
            return false;
    }
    return dots + version >= 2 && dots <= 3 && group;
}

/* "2024-05-01T12:00:00+02:00": the form says what each digit is. */
static bool is_time(const char *text, size_t len)
{
    static const char form[] = "0000-00-00T00:00:00";
    size_t form_len = sizeof form - 1;

    for (size_t i = 0; i < form_len && i < len; i++) {
        if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    }
    return len >= form_len && len <= form_len + 6 &&
           count_of(text + form_len, len - form_len, "+-:Z0123456789") == len - form_len;
}

bool safe_value(const char *text, size_t len)
{
    return is_one_of(words, text, len) || is_dotted(text, len) || is_time(text, len);
}

bool safe_is_token(const char *text, size_t len)
{
    size_t letters = 0, numbers = count_of(text, len, digits), parts = count_of(text, len, "-_");

    for (size_t i = 0; i < len; i++)
        letters += isalpha((unsigned char)text[i]) != 0;
    if (letters + numbers + parts != len)
        return false;
    if (letters && numbers && count_of(text, len, hex_digits) == len)
        return len >= HEX_MIN;
    return (letters && numbers && len >= TOKEN_MIN) || (!letters && len > DIGITS_MAX);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

bool safe_name(const char *text, size_t len)
{
    size_t run = 0; /* of a token's characters */

    if (!len || len > NAME_LEN_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (is_word(text[i]))
            run++;
        else if (safe_is_token(text + i - run, run) ||
                 ((unsigned char)text[i] < 0x80 && !strchr(" .:+()%#", text[i])))
            return false;
        else
            run = 0;
    }
    return !safe_is_token(text + len - run, run);
}

/* ---- Others --------------------------------------------------------------------------------- */

bool safe_parameter(const char *name, size_t name_len, const char *value, size_t len)
{
    static const char names[] = "id,inv,scope,datacollection,deviceid,dt,index,channel,ch,format,";
    static const char status[] = "status";

    if (is_one_of("cmnd,", name, name_len))
        return len >= sizeof status - 1 && strncasecmp(value, status, sizeof status - 1) == 0 &&
               count_of(value + sizeof status - 1, len - (sizeof status - 1), " +%0123456789") ==
                   len - (sizeof status - 1);
    return is_one_of(names, name, name_len) && (!len || safe_name(value, len));
}

bool safe_user(const char *name)
{
    return is_one_of(",admin,root,user,guest,", name, strlen(name));
}
