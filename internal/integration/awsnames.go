package integration

import "github.com/gatehouse/gatehouse/internal/apigw"

// globalServices have one address for all regions, in us-east-1.
var globalServices = map[string]bool{"cloudfront": true, "iam": true, "importexport": true, "organizations": true, "route53": true, "shield": true, "waf": true}

// ownHost is the host name of AWS's own address.
func ownHost(u *AWSURI) string {
	name := u.Name()
	switch {
	case globalServices[name] && u.Partition == "aws":
		if name == "shield" {
			return "shield.us-east-1.amazonaws.com"
		}
		return name + ".amazonaws.com"
	case name == "states" && (u.Action == "StartSyncExecution" || u.Action == "TestState"):
		// These have an address of their own (AWS Step Functions API reference).
		name = "sync-states"
	case u.Service == "iotdata":
		// {prefix}.iotdata is the account's own address, {prefix}-ats.iot.
		name = "data-ats.iot"
		if u.Subdomain != "" {
			name = u.Subdomain + ".iot"
		}
	case name == "mobiletargeting":
		name = "pinpoint"
	}
	return name + "." + u.Region + "." + apigw.DNSSuffix(u.Partition)
}

// signingName is what the service is called in signatures.
func signingName(u *AWSURI) string {
	if name := signingNames[u.Name()]; name != "" {
		return name
	}
	return u.Service
}

// signingNames are the services whose name in signatures isn't the last part
// of their name in host names (AWS's service models).
var signingNames = map[string]string{
	"agreement-marketplace":           "aws-marketplace",
	"api.tunneling.iot":               "IoTSecuredTunneling",
	"appconfigdata":                   "appconfig",
	"appstream2":                      "appstream",
	"bedrock-agent":                   "bedrock",
	"bedrock-agent-runtime":           "bedrock",
	"bedrock-agentcore-control":       "bedrock-agentcore",
	"bedrock-data-automation":         "bedrock",
	"bedrock-data-automation-runtime": "bedrock",
	"bedrock-runtime":                 "bedrock",
	"cassandra-streams":               "cassandra",
	"catalog.marketplace":             "aws-marketplace",
	"cloudhsmv2":                      "cloudhsm",
	"cloudsearchdomain":               "cloudsearch",
	"contact-lens":                    "connect",
	"data-ats.iot":                    "iotdata",
	"data-signer":                     "signer",
	"data.iotevents":                  "ioteventsdata",
	"data.jobs.iot":                   "iot-jobs-data",
	"deployment-marketplace":          "aws-marketplace",
	"discovery-marketplace":           "aws-marketplace",
	"email":                           "ses",
	"entitlement.marketplace":         "aws-marketplace",
	"forecastquery":                   "forecast",
	"identity-chime":                  "chime",
	"ivsrealtime":                     "ivs",
	"mail-manager":                    "ses",
	"media-pipelines-chime":           "chime",
	"meetings-chime":                  "chime",
	"memory-db":                       "memorydb",
	"messaging-chime":                 "chime",
	"metering.marketplace":            "aws-marketplace",
	"migrationhub-config":             "mgh",
	"models-v2-lex":                   "lex",
	"oidc":                            "sso-oauth",
	"participant.connect":             "execute-api",
	"personalize-events":              "personalize",
	"personalize-runtime":             "personalize",
	"pinpoint":                        "mobiletargeting",
	"portal.sso":                      "awsssoportal",
	"reporting-marketplace":           "aws-marketplace",
	"runtime-v2-lex":                  "lex",
	"s3-control":                      "s3",
	"servicecatalog-appregistry":      "servicecatalog",
	"sms-voice.pinpoint":              "sms-voice",
	"voice-chime":                     "chime",
}

// jsonService is a service whose actions go as JSON.
type jsonService struct {
	target  string // the first part of X-Amz-Target
	version string // of the protocol
	// always: also without a body. The recorded integrations of these map no
	// X-Amz-Target; one of another such service went as a query when it had no
	// body (recorded on AWS for ssm).
	always bool
}

// jsonServices are those that speak JSON and, publicly, no query protocol
// (AWS's service models).
var jsonServices = map[string]jsonService{
	"acm":                               {"CertificateManager", "1.1", false},
	"acm-pca":                           {"ACMPrivateCA", "1.1", false},
	"agreement-marketplace":             {"AWSMPCommerceService_v20200301", "1.0", false},
	"airflow-serverless":                {"AmazonMWAAServerless", "1.0", false},
	"aoss":                              {"OpenSearchServerless", "1.0", false},
	"api.ecr":                           {"AmazonEC2ContainerRegistry_V20150921", "1.1", false},
	"api.ecr-public":                    {"SpencerFrontendService", "1.1", false},
	"api.pricing":                       {"AWSPriceListService", "1.1", false},
	"api.sagemaker":                     {"SageMaker", "1.1", false},
	"api.tunneling.iot":                 {"IoTSecuredTunneling", "1.1", false},
	"application-autoscaling":           {"AnyScaleFrontendService", "1.1", false},
	"applicationinsights":               {"EC2WindowsBarleyService", "1.1", false},
	"apprunner":                         {"AppRunner", "1.0", false},
	"appstream2":                        {"PhotonAdminProxyService", "1.1", false},
	"athena":                            {"AmazonAthena", "1.1", false},
	"autoscaling-plans":                 {"AnyScaleScalingPlannerFrontendService", "1.1", false},
	"b2bi":                              {"B2BI", "1.0", false},
	"backup-gateway":                    {"BackupOnPremises_v20210101", "1.0", false},
	"bcm-dashboards":                    {"AWSBCMDashboardsService", "1.0", false},
	"bcm-data-exports":                  {"AWSBillingAndCostManagementDataExports", "1.1", false},
	"bcm-pricing-calculator":            {"AWSBCMPricingCalculator", "1.0", false},
	"bcm-recommended-actions":           {"AWSBillingAndCostManagementRecommendedActions", "1.0", false},
	"bedrock-data-automation-runtime":   {"AmazonBedrockKeystoneRuntimeService", "1.1", false},
	"billing":                           {"AWSBilling", "1.0", false},
	"budgets":                           {"AWSBudgetServiceGateway", "1.1", false},
	"cassandra":                         {"KeyspacesService", "1.0", false},
	"cassandra-streams":                 {"KeyspacesStreams", "1.0", false},
	"ce":                                {"AWSInsightsIndexService", "1.1", false},
	"cloud9":                            {"AWSCloud9WorkspaceManagementService", "1.1", false},
	"cloudcontrolapi":                   {"CloudApiService", "1.0", false},
	"cloudhsm":                          {"CloudHsmFrontendService", "1.1", false},
	"cloudhsmv2":                        {"BaldrApiService", "1.1", false},
	"cloudtrail":                        {"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", "1.1", false},
	"codebuild":                         {"CodeBuild_20161006", "1.1", false},
	"codecommit":                        {"CodeCommit_20150413", "1.1", false},
	"codeconnections":                   {"com.amazonaws.codeconnections.CodeConnections_20231201", "1.0", false},
	"codedeploy":                        {"CodeDeploy_20141006", "1.1", false},
	"codepipeline":                      {"CodePipeline_20150709", "1.1", false},
	"codestar-connections":              {"com.amazonaws.codestar.connections.CodeStar_connections_20191201", "1.0", false},
	"cognito-identity":                  {"AWSCognitoIdentityService", "1.1", false},
	"cognito-idp":                       {"AWSCognitoIdentityProviderService", "1.1", false},
	"comprehend":                        {"Comprehend_20171127", "1.1", false},
	"config":                            {"StarlingDoveService", "1.1", false},
	"controlplane.payment-cryptography": {"PaymentCryptographyControlPlane", "1.0", false},
	"cost-optimization-hub":             {"CostOptimizationHubService", "1.0", false},
	"cur":                               {"AWSOrigamiServiceGatewayService", "1.1", false},
	"datapipeline":                      {"DataPipeline", "1.1", false},
	"datasync":                          {"FmrsService", "1.1", false},
	"dax":                               {"AmazonDAXV3", "1.1", false},
	"devicefarm":                        {"DeviceFarm_20150623", "1.1", false},
	"directconnect":                     {"OvertureService", "1.1", false},
	"discovery":                         {"AWSPoseidonService_V2015_11_01", "1.1", false},
	"dms":                               {"AmazonDMSv20160101", "1.1", false},
	"ds":                                {"DirectoryService_20150416", "1.1", false},
	"dynamodb":                          {"DynamoDB_20120810", "1.0", true},
	"ec2-instance-connect":              {"AWSEC2InstanceConnectService", "1.1", false},
	"ecs":                               {"AmazonEC2ContainerServiceV20141113", "1.1", false},
	"elasticmapreduce":                  {"ElasticMapReduce", "1.1", false},
	"events":                            {"AWSEvents", "1.1", false},
	"evs":                               {"AmazonElasticVMwareService", "1.0", false},
	"firehose":                          {"Firehose_20150804", "1.1", true},
	"fms":                               {"AWSFMS_20180101", "1.1", false},
	"forecast":                          {"AmazonForecast", "1.1", false},
	"forecastquery":                     {"AmazonForecastRuntime", "1.1", false},
	"frauddetector":                     {"AWSHawksNestServiceFacade", "1.1", false},
	"freetier":                          {"AWSFreeTierService", "1.0", false},
	"fsx":                               {"AWSSimbaAPIService_v20180301", "1.1", false},
	"globalaccelerator":                 {"GlobalAccelerator_V20180706", "1.1", false},
	"glue":                              {"AWSGlue", "1.1", false},
	"health":                            {"AWSHealth_20160804", "1.1", false},
	"healthlake":                        {"HealthLake", "1.0", false},
	"identitystore":                     {"AWSIdentityStore", "1.1", false},
	"ingest.timestream":                 {"Timestream_20181101", "1.0", false},
	"inspector":                         {"InspectorService", "1.1", false},
	"invoicing":                         {"Invoicing", "1.0", false},
	"iotfleetwise":                      {"IoTAutobahnControlPlane", "1.0", false},
	"iotthingsgraph":                    {"IotThingsGraphFrontEndService", "1.1", false},
	"kendra":                            {"AWSKendraFrontendService", "1.1", false},
	"kendra-ranking":                    {"AWSKendraRerankingFrontendService", "1.0", false},
	"kinesis":                           {"Kinesis_20131202", "1.1", true},
	"kinesisanalytics":                  {"KinesisAnalytics_20180523", "1.1", false},
	"kms":                               {"TrentService", "1.1", false},
	"license-manager":                   {"AWSLicenseManager", "1.1", false},
	"lightsail":                         {"Lightsail_20161128", "1.1", false},
	"logs":                              {"Logs_20140328", "1.1", false},
	"lookoutequipment":                  {"AWSLookoutEquipmentFrontendService", "1.0", false},
	"machinelearning":                   {"AmazonML_20141212", "1.1", false},
	"mail-manager":                      {"MailManagerSvc", "1.0", false},
	"marketplacecommerceanalytics":      {"MarketplaceCommerceAnalytics20150701", "1.1", false},
	"mediastore":                        {"MediaStore_20170901", "1.1", false},
	"memory-db":                         {"AmazonMemoryDB", "1.1", false},
	"metering.marketplace":              {"AWSMPMeteringService", "1.1", false},
	"mgh":                               {"AWSMigrationHub", "1.1", false},
	"migrationhub-config":               {"AWSMigrationHubMultiAccountService", "1.1", false},
	"mturk-requester":                   {"MTurkRequesterServiceV20170117", "1.1", false},
	"network-firewall":                  {"NetworkFirewall_20201112", "1.0", false},
	"odb":                               {"Odb", "1.0", false},
	"organizations":                     {"AWSOrganizationsV20161128", "1.1", false},
	"partnercentral-account":            {"PartnerCentralAccount", "1.0", false},
	"partnercentral-benefits":           {"PartnerCentralBenefitsService", "1.0", false},
	"partnercentral-channel":            {"PartnerCentralChannel", "1.0", false},
	"partnercentral-selling":            {"AWSPartnerCentralSelling", "1.0", false},
	"pcs":                               {"AWSParallelComputingService", "1.0", false},
	"personalize":                       {"AmazonPersonalize", "1.1", false},
	"pi":                                {"PerformanceInsightsv20180227", "1.1", false},
	"proton":                            {"AwsProton20200720", "1.0", false},
	"query.timestream":                  {"Timestream_20181101", "1.0", false},
	"redshift-data":                     {"RedshiftData", "1.1", false},
	"redshift-serverless":               {"RedshiftServerless", "1.1", false},
	"rekognition":                       {"RekognitionService", "1.1", false},
	"route53-recovery-cluster":          {"ToggleCustomerAPI", "1.0", false},
	"route53domains":                    {"Route53Domains_v20140515", "1.1", false},
	"route53resolver":                   {"Route53Resolver", "1.1", false},
	"secretsmanager":                    {"secretsmanager", "1.1", false},
	"servicecatalog":                    {"AWS242ServiceCatalogService", "1.1", false},
	"servicediscovery":                  {"Route53AutoNaming_v20170314", "1.1", false},
	"servicequotas":                     {"ServiceQuotasV20190624", "1.1", false},
	"shield":                            {"AWSShield_20160616", "1.1", false},
	"sms-voice":                         {"PinpointSMSVoiceV2", "1.0", false},
	"ssm":                               {"AmazonSSM", "1.1", false},
	"ssm-contacts":                      {"SSMContacts", "1.1", false},
	"sso":                               {"SWBExternalService", "1.1", false},
	"states":                            {"AWSStepFunctions", "1.0", true},
	"storagegateway":                    {"StorageGateway_20130630", "1.1", false},
	"streams.dynamodb":                  {"DynamoDBStreams_20120810", "1.0", true},
	"support":                           {"AWSSupport_20130415", "1.1", false},
	"swf":                               {"SimpleWorkflowService", "1.0", false},
	"tagging":                           {"ResourceGroupsTaggingAPI_20170126", "1.1", false},
	"textract":                          {"Textract", "1.1", false},
	"timestream-influxdb":               {"AmazonTimestreamInfluxDB", "1.0", false},
	"transcribe":                        {"Transcribe", "1.1", false},
	"transfer":                          {"TransferService", "1.1", false},
	"translate":                         {"AWSShineFrontendService_20170701", "1.1", false},
	"verifiedpermissions":               {"VerifiedPermissions", "1.0", false},
	"voiceid":                           {"VoiceID", "1.0", false},
	"waf":                               {"AWSWAF_20150824", "1.1", false},
	"waf-regional":                      {"AWSWAF_Regional_20161128", "1.1", false},
	"wafv2":                             {"AWSWAF_20190729", "1.1", false},
	"workmail":                          {"WorkMailService", "1.1", false},
	"workspaces":                        {"WorkspacesService", "1.1", false},
	"workspaces-instances":              {"EUCMIFrontendAPIService", "1.0", false},
}
