pragma Singleton
import QtQuick

QtObject {
	enum Unit { Units_None, Units_Volt_DC, Units_Amp, Units_Watt, Units_Energy_KiloWattHour, Units_Hertz,
		Units_Temperature_Celsius }
	enum Access { User_AccessType_User, User_AccessType_Installer }
}
